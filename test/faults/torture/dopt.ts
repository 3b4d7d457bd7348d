import { until } from '../until.js'
import { Program } from './program.js'

export const KEY = 'sandbox-key'

/** As `POST /__sandbox/faults` takes them. */
export interface Faults {
  latency: number
  failRate: number
  failStatus: number
  retryAfter: number | null
  rejectUsers: readonly string[]
  rejectGroups: readonly string[]
  dropRate: number
  countOffset: number
  apiKey: string
}

export const NO_FAULTS: Faults = {
  latency: 0,
  failRate: 0,
  failStatus: 500,
  retryAfter: null,
  rejectUsers: [],
  rejectGroups: [],
  dropRate: 0,
  countOffset: 0,
  apiKey: KEY
}

export interface Call {
  path: string
  status: number
  identifiers: string[]
  /** Those that its users are put into included. */
  groups: string[]
  time: string
  durationMs: number
}

export type Users = Record<string, Record<string, unknown>>

/** The sandbox in a process of its own, seen only over HTTP. */
export class Dopt {
  private constructor(
    private readonly program: Program,
    readonly url: string
  ) {}

  static async start(cwd: string): Promise<Dopt> {
    const program = new Program(['sandbox', '--port', '0', '--api-key', KEY], { cwd, env: {} })
    const address = (): string | undefined => /http:\/\/[\w.:[\]]+/.exec(program.stdout)?.[0]
    await until(() => program.hasEnded || address() !== undefined, 'the sandbox')
    const url = address()
    if (url === undefined) throw new Error(`the sandbox did not start: ${(await program.end).stderr}`)
    return new Dopt(program, url)
  }

  async setFaults(faults: Partial<Faults>): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${this.url}/__sandbox/faults`, {
      method: 'POST',
      headers,
      body: JSON.stringify(faults)
    })
    if (!answer.ok) throw new Error(`the sandbox refuses these faults: ${await answer.text()}`)
  }

  async users(): Promise<Users> {
    return (await this.#get('users')) as Users
  }

  async groups(): Promise<Users> {
    return (await this.#get('groups')) as Users
  }

  async memberships(): Promise<Record<string, string[]>> {
    return (await this.#get('memberships')) as Record<string, string[]>
  }

  async calls(): Promise<Call[]> {
    return (await this.#get('requests')) as Call[]
  }

  async stats(): Promise<{ calls: number; byStatus: Record<string, number>; maxBatch: number }> {
    return (await this.#get('stats')) as { calls: number; byStatus: Record<string, number>; maxBatch: number }
  }

  async stop(): Promise<void> {
    this.program.kill()
    await this.program.end
  }

  async #get(what: string): Promise<unknown> {
    return (await fetch(`${this.url}/__sandbox/${what}`)).json()
  }
}
