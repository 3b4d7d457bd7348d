import { isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'

/** Whether only this machine can reach a server that listens there. */
export function isLoopbackHost(host: string): boolean {
  return host.toLowerCase() === 'localhost' || isLoopbackAddress(host)
}

function isLoopbackAddress(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}

/** Headers that a proxy adds: a forwarded request comes from elsewhere, even if the proxy is on this machine. */
const PASSED_ON = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const

/**
 * Whether a request comes from a program on this machine. Requests forwarded by a proxy do not, nor requests for
 * another host name: a browser makes those for a page whose name was pointed at 127.0.0.1 (DNS rebinding).
 *
 * By default, nginx adds no header to forwarded requests, and sends the address that it forwards to as the host; but it
 * uses HTTP/1.0, which other clients do not use any more.
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
