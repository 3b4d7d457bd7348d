import { isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'

/** Whether only this machine can reach what listens there. */
export function isLoopbackHost(host: string): boolean {
  return host.toLowerCase() === 'localhost' || isLoopbackAddress(host)
}

function isLoopbackAddress(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}

/** What a proxy adds: a request that was passed on comes from somewhere else, wherever its last leg began. */
const PASSED_ON = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const

/**
 * Whether a request comes from a program on this machine. One that a proxy passed on does not, nor one that was made
 * for another host's name: a browser makes those for a page whose name was pointed at 127.0.0.1 to get around its
 * rules.
 *
 * nginx, as it comes, adds nothing to what it passes on, and names the address that it was told to pass it to; but it
 * speaks HTTP/1.0, which no program that asks for itself does any more.
 */
export function isFromThisMachine({
  socket,
  headers,
  httpVersion
}: Pick<IncomingMessage, 'socket' | 'headers' | 'httpVersion'>): boolean {
  if (!isLoopbackAddress(socket.remoteAddress ?? '') || httpVersion === '1.0') return false
  if (PASSED_ON.some((name) => headers[name] !== undefined)) return false
  return isLoopbackHost(hostOf(headers.host ?? ''))
}

/** `[::1]:8787` → `::1` */
function hostOf(header: string): string {
  return header.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}
