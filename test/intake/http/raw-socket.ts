import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What comes back on a connection of its own after `sent`, until the server ends it. */
export async function exchange(url: string, sent: string): Promise<string> {
  const socket = await open(url)
  socket.write(sent)
  return readToEnd(socket)
}

export async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

export async function readToEnd(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8')
  socket.on('data', (part: string) => (text += part))
  if (!socket.closed) await once(socket, 'close')
  return text
}
