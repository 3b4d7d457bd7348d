import type { UserEntry } from '../../src/destination/index.js'
import { GotDoptClient, type DoptClientOptions } from '../../src/dopt/client.js'

/** A key whose forms differ where it is percent-encoded or written into JSON. */
export const KEY = 'k3y/"with\\%20=odd+parts'

export const ANN: UserEntry = { identifier: 'ann', properties: '{"plan":"pro"}' }
export const BEN: UserEntry = { identifier: 'ben/?%', properties: '{}' }

/** Runs `use` with a client, and closes it whatever happens. */
export async function withClient<T>(
  options: Partial<DoptClientOptions>,
  use: (client: GotDoptClient) => Promise<T>
): Promise<T> {
  const client = new GotDoptClient({
    apiKey: KEY,
    endpoint: 'http://dopt.test',
    api: 'bulk',
    maxSockets: 4,
    requestTimeoutMs: 2000,
    ...options
  })
  try {
    return await use(client)
  } finally {
    client.close()
  }
}

/** Every form of the key that a text could hold. */
export function expectWithoutKey(value: unknown): void {
  const text = JSON.stringify(value)
  for (const form of [KEY, encodeURIComponent(KEY), JSON.stringify(KEY).slice(1, -1), KEY.slice(0, 8)]) {
    expect(text).not.toContain(form)
    expect(text).not.toContain(JSON.stringify(form).slice(1, -1))
  }
}
