import { Recorder, STORE_RETRY_MS } from '../../src/delivery/recorder.js'
import type { Logger } from '../../src/delivery/logger.js'
import { silentLogger } from '../../src/delivery/logger.js'
import { StoreError, type StoreErrorCode } from '../../src/store/errors.js'
import type { OpenBatch, Settlement, Store } from '../../src/store/store.js'
import { FakeClock } from '../helpers/fake-clock.js'

const BATCH: OpenBatch = {
  ...{ id: 7, subject: 'user', entries: [{ identifier: 'ada', properties: '{}' }] },
  ...{ events: 3, superseded: 1, attempts: 0, createdAt: 0, parentId: undefined }
}
const DELIVERED: Settlement = { to: 'delivered', call: { at: 0, status: 200, code: undefined, error: undefined } }

/** A recorder of a store that refuses to settle with each of these errors in turn, and then does it. */
function withTroubles(...troubles: Error[]) {
  const clock = new FakeClock()
  const settled: number[] = []
  const store = {
    settle: async (id: number) => {
      const trouble = troubles.shift()
      if (trouble !== undefined) throw trouble
      settled.push(id)
      return { delivered: 2, superseded: 1, failed: 0 }
    }
  } satisfies Pick<Store, 'settle'>
  const logged: unknown[] = []
  const logger: Logger = { ...silentLogger, error: (...line) => void logged.push(line) }
  const recorder = new Recorder(store as unknown as Store, clock, logger)
  return { recorder, clock, settled, logged }
}

describe('writing down what became of a batch', () => {
  test.each<StoreErrorCode>(['busy', 'full'])('waits as long as the store is %s, and counts it once', async (code) => {
    const { recorder, clock, settled, logged } = withTroubles(new StoreError(code, 'no'), new StoreError(code, 'no'))
    const done = recorder.settle(BATCH, DELIVERED, () => false)
    await clock.advance(STORE_RETRY_MS)
    expect(settled).toEqual([])
    await clock.advance(STORE_RETRY_MS)
    expect(settled).toEqual([7])
    expect(await done).toBe(true)
    expect(recorder.totals).toMatchObject({ users: 1, delivered: 2, superseded: 1 })
    expect(logged).toEqual([])
  })

  test('leaves it to the next start when there is no time left', async () => {
    const { recorder, settled, logged } = withTroubles(new StoreError('busy', 'no'))
    expect(await recorder.settle(BATCH, DELIVERED, () => true)).toBe(false)
    expect(settled).toEqual([])
    expect(recorder.totals).toMatchObject({ users: 0, delivered: 0 })
    expect(logged).toEqual([[{ batch: 7, code: 'busy' }, 'could not record the result: the batch will be sent again']])
  })

  test.each([
    ['does not pass', new StoreError('gone', 'no'), 'gone'],
    ['nobody knows', new Error('no'), undefined]
  ])('does not try again after an error that %s', async (_name, error, code) => {
    const { recorder, settled, logged } = withTroubles(error)
    expect(await recorder.settle(BATCH, DELIVERED, () => false)).toBe(false)
    expect(settled).toEqual([])
    expect(logged).toEqual([[{ batch: 7, code }, 'could not record the result: the batch will be sent again']])
  })
})
