import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const bench = join(__dirname, '../../bench/run.mjs')

interface Round {
  phases: Array<{ seconds: number; cpuSeconds: number; peakMiB: number }>
  calls: number
  users: number
  missing: number
}

interface Median {
  eventsPerSecond: number
  ratio?: number
  calls: number
  missing: number
}

interface Report {
  events: number
  users: number
  results: Array<{ name: string; rounds: Round[]; median: Median }>
  skipped: Array<{ name: string; reason: string }>
}

async function run(args: readonly string[], path = process.env['PATH']): Promise<Report> {
  const { stdout } = await promisify(execFile)(process.execPath, [bench, '--rounds', '1', '--json', ...args], {
    env: { ...process.env, PATH: path }
  })
  return JSON.parse(stdout) as Report
}

describe('npm run bench', () => {
  it('measures the product beside the others, and sees that every event arrived', async () => {
    const only = 'forward,straight-line,straight-line-8,no-store,one-by-one,actions-core,plainjob-100'
    const { events, users, results, skipped } = await run(['--events', '600', '--only', only])

    expect({ events, users, skipped }).toEqual({ events: 600, users: 200, skipped: [] })
    expect(results.map(({ name }) => name)).toEqual(only.split(','))
    for (const { name, rounds, median } of results) {
      expect(median).toMatchObject({ calls: rounds[0]?.calls, missing: 0 })
      if (name === 'straight-line') expect(median.ratio).toBe(1)
      else expect(median.ratio).toBeGreaterThan(0)
      expect(rounds).toEqual([expect.objectContaining({ missing: 0 })])
      const { phases, calls } = rounds[0] ?? { phases: [], calls: 0 }
      expect(phases[0]?.seconds).toBeGreaterThan(0)
      expect(phases[0]?.cpuSeconds).toBeGreaterThan(0)
      expect(phases[0]?.peakMiB).toBeGreaterThan(20)
      if (name === 'one-by-one') expect(calls).toBe(600)
      else expect(calls).toBeLessThanOrEqual(6)
    }
  }, 60_000)

  it('names those whose server is missing as skipped, and why', async () => {
    const { results, skipped } = await run(['--events', '100', '--only', 'bullmq-100', '--only', 'bullmq'], '/nowhere')
    expect(results).toEqual([])
    expect(skipped.map(({ name, reason }) => [name, reason])).toEqual([
      ['bullmq-100', 'no redis-server here'],
      ['bullmq', 'no redis-server here']
    ])
  })

  it.each([
    ['--only', 'carrier-pigeon'],
    ['--rounds', '0'],
    ['--events', '0'],
    ['--latency', '-1']
  ])('asks for names and numbers that make sense: not %s %s', async (option, value) => {
    await expect(run([`${option}=${value}`])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^Usage: npm run bench/) as string
    })
  })
})
