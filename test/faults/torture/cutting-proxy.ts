import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { portOf } from '../../helpers/with-server.js'
import type { Chance } from './chance.js'

/**
 * Stands between the program and the sandbox, hands calls on as they are, and cuts answers: connections end in the middle
 * of one, or instead of it, or go silent, so that the program's patience has to end them. What the call did it has done by then, so that no call is still at work when the next is made.
 */
export class CuttingProxy {
  /** Share of the answers that are cut. */
  rate = 0
  cuts = 0
  /** How many of the cuts were followed by silence. */
  silences = 0
  readonly #sockets = new Set<Socket>()

  private constructor(
    private readonly server: Server,
    private readonly chance: Chance
  ) {}

  static async start(target: string, chance: Chance): Promise<CuttingProxy> {
    const { hostname, port } = new URL(target)
    const server = createServer()
    const proxy = new CuttingProxy(server, chance)
    server.on('connection', (client) => proxy.#join(client, connect(Number(port), hostname)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.server)}`
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.server.close()
    await once(this.server, 'close')
  }

  #join(client: Socket, dopt: Socket): void {
    for (const socket of [client, dopt]) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        dopt.destroy()
      })
    }
    client.on('data', (call: Buffer) => dopt.write(call))
    dopt.on('data', (answer: Buffer) => {
      if (this.chance.happens(this.rate)) this.#cut(client, answer)
      else client.write(answer)
    })
  }

  #cut(client: Socket, answer: Buffer): void {
    this.cuts++
    const part = answer.subarray(0, this.chance.between(0, answer.length - 1))
    const how = this.chance.pick('end', 'reset', 'silence')
    if (how === 'end') client.end(part)
    else if (how === 'reset') client.write(part, () => client.resetAndDestroy())
    else {
      this.silences++
      client.write(part)
    }
  }
}
