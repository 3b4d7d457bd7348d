import fc from 'fast-check'
import { withTempDir } from '../helpers/temp-dir.js'
import { expectNewestValues } from './ledger-checks.js'
import { LedgerRun } from './ledger-run.js'
import { steps, type Step } from './ledger-steps.js'

async function play(history: readonly Step[]): Promise<void> {
  await withTempDir(async (dir) => {
    const run = new LedgerRun(dir)
    try {
      await run.start()
      for (const step of history) await run.step(step)
      await run.finish()
      expectNewestValues(run.model)
    } finally {
      await run.store.close()
    }
  })
}

describe('the ledger, held against a model of its laws', () => {
  it('keeps them in any history of events, calls, crashes, replays, retention and forgetting', async () => {
    // What fails prints its seed and path: put them here, as { seed, path }, to see the same history again.
    await fc.assert(fc.asyncProperty(steps, play), { numRuns: 120, interruptAfterTimeLimit: 10_000 })
  })
})
