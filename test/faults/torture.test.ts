import { withTempDir } from '../helpers/temp-dir.js'
import { Torture } from './torture/torture.js'

// Real processes, killed at moments of chance on machines that may be busy: once more tells a slow machine from a defect.
jest.retryTimes(1, { logErrorsBeforeRetry: true })

const ROUNDS = 30

describe('the program, killed and refused and cut off again and again', () => {
  it.each([
    ['user', false],
    ['user or a group', true]
  ])(
    'delivers everything once it can, and never takes a %s back',
    async (_who, groups) => {
      const seed = Math.floor(Math.random() * 2 ** 32)
      await withTempDir(async (dir) => {
        try {
          await Torture.run({ seed, rounds: ROUNDS, groups, dir })
        } catch (error) {
          const words = error instanceof Error ? error.message : String(error)
          throw new Error(
            `${words}\nagain: npm run torture -- --rounds ${ROUNDS} --seed ${seed}${groups ? ' --groups' : ''}`,
            { cause: error }
          )
        }
      })
    },
    120_000
  )
})
