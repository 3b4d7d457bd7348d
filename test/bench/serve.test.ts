import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { itUnless } from '../helpers/skipped.js'

const bench = join(__dirname, '../../bench/serve/run.mjs')

interface Result {
  name: string
  eventsARequest: number
  rounds: Array<{ requests: number; p50: number; p99: number; not2xx: number; errors: number; lost: number }>
}

async function expectToLoad(generator: string): Promise<void> {
  const args = ['--seconds', '1', '--rounds', '1', '--only', 'bare', '--only', 'serve', '--json', '--load', generator]
  const { stdout } = await promisify(execFile)(process.execPath, [bench, ...args])
  const results = JSON.parse(stdout) as Result[]
  expect(results.map(({ name, eventsARequest }) => [name, eventsARequest])).toEqual([
    ['bare', 1],
    ['serve', 1],
    ['bare', 100],
    ['serve', 100]
  ])
  for (const { rounds } of results) {
    expect(rounds).toEqual([expect.objectContaining({ not2xx: 0, errors: 0, lost: 0 })])
    const { requests = 0, p50 = 0, p99 = 0 } = rounds[0] ?? {}
    expect(requests).toBeGreaterThan(10)
    expect(p99).toBeGreaterThanOrEqual(p50)
  }
}

describe('npm run bench:serve', () => {
  it('loads the servers with autocannon, and finds every acknowledged event', () => expectToLoad('autocannon'), 60_000)

  const lacks = spawnSync('wrk').error === undefined ? undefined : 'no wrk here'
  itUnless(lacks)('loads them with wrk as well', () => expectToLoad('wrk'))
})
