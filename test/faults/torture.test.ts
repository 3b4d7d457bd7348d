import { withTempDir } from '../helpers/temp-dir.js'
import { Torture } from './torture/torture.js'

// Real processes, killed at moments of chance on machines that may be busy: once more tells a slow machine from a defect.
jest.retryTimes(1, { logErrorsBeforeRetry: true })

const ROUNDS = 50

describe('the program, killed and refused and cut off again and again', () => {
  it('delivers everything once it can, and never takes a user back', async () => {
    const seed = Math.floor(Math.random() * 2 ** 32)
    await withTempDir(async (dir) => {
      try {
        await Torture.run({ seed, rounds: ROUNDS, dir })
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error)
        throw new Error(`${words}\nagain: npm run torture -- --rounds ${ROUNDS} --seed ${seed}`, { cause: error })
      }
    })
  }, 120_000)
})
