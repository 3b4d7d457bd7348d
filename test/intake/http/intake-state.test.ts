import { IntakeState } from '../../../src/intake/http/intake-state.js'
import { StoreError, type StoreErrorCode } from '../../../src/store/errors.js'

interface Bench {
  state: IntakeState
  /** Of the attempts to write. */
  outcomes: { now: () => Promise<void>; count: number }
  wait: (seconds: number) => void
  /** The code of the answer; undefined for ready. */
  ask: () => Promise<string | undefined>
}

const trouble = (code: StoreErrorCode): StoreError => new StoreError(code, 'words for the log')

/** An intake's state beside a store that can be written to, as long as `outcomes.now` says nothing else. */
function setUp(): Bench {
  let time = 1_000_000
  const outcomes = { now: () => Promise.resolve(), count: 0 }
  const store = {
    usage: async () => ({ bytes: 1, maxBytes: undefined }),
    tryToWrite: () => {
      outcomes.count++
      return outcomes.now()
    }
  }
  const state = new IntakeState(store, () => time, 20)
  const wait = (seconds: number): void => void (time += seconds * 1000)
  return { state, outcomes, wait, ask: async () => (await state.notReady())?.code }
}

describe('an intake that could not store events', () => {
  it('is not ready for as long as nothing can be written, and asks for it every ten seconds at most', async () => {
    const { state, outcomes, wait, ask } = setUp()
    outcomes.now = () => Promise.reject(trouble('full'))
    expect(state.take(trouble('full'))).toMatchObject({ isNew: true, told: { code: 'store_full' } })
    for (let second = 0; second < 100; second++) {
      expect(await ask()).toBe('store_full')
      wait(1)
    }
    expect(outcomes.count).toBe(9)
  })

  it('is ready again without a single request, as a load balancer sends none', async () => {
    const { state, wait, ask } = setUp()
    state.take(trouble('full'))
    wait(9)
    expect(await ask()).toBe('store_full')
    wait(1)
    expect(await ask()).toBeUndefined()
  })

  it('is ready again when events were stored, and not when a request came of which nothing is', async () => {
    const { state, outcomes, ask } = setUp()
    state.take(trouble('full'))
    state.takeStored(0)
    expect(await ask()).toBe('store_full')
    state.takeStored(1)
    expect(await ask()).toBeUndefined()
    expect(outcomes.count).toBe(0)
  })

  it('says why it is not ready now, where that has changed', async () => {
    const { state, outcomes, wait, ask } = setUp()
    state.take(trouble('busy'))
    wait(10)
    outcomes.now = () => Promise.reject(trouble('full'))
    expect(await ask()).toBe('store_full')
    expect(state.take(trouble('busy')).isNew).toBe(false)
  })

  it('has each kind of error logged when events first meet it, also those that clients are told of alike', async () => {
    const { state, outcomes, wait, ask } = setUp()
    state.take(trouble('busy'))
    wait(10)
    outcomes.now = () => Promise.reject(trouble('damaged'))
    expect(await ask()).toBe('internal_error')
    const isNew = (error: Error): boolean => state.take(error).isNew
    expect([isNew(trouble('damaged')), isNew(trouble('damaged'))]).toEqual([true, false])
    expect([isNew(trouble('unwritable')), isNew(new TypeError('x'))]).toEqual([true, true])
    state.takeStored(1)
    expect(isNew(trouble('damaged'))).toBe(true)
  })

  it('does not let who asks wait for a store that is locked, and tries it once at a time', async () => {
    const { state, outcomes, wait, ask } = setUp()
    state.take(trouble('busy'))
    wait(10)
    let letGo = (): void => undefined
    outcomes.now = () => new Promise((resolve) => (letGo = resolve))
    expect(await Promise.all([ask(), ask()])).toEqual(['store_busy', 'store_busy'])
    wait(10)
    expect(await ask()).toBe('store_busy')
    expect(outcomes.count).toBe(1)
    letGo()
    expect(await ask()).toBeUndefined()
  })

  it('stays so where events meet trouble while it tries', async () => {
    const { state, outcomes, wait, ask } = setUp()
    state.take(trouble('full'))
    wait(10)
    outcomes.now = async () => void state.take(trouble('full'))
    expect(await ask()).toBe('store_full')
  })

  it('stays so where trying fails in a way that nobody foresaw', async () => {
    const { state, outcomes, wait, ask } = setUp()
    state.take(trouble('full'))
    wait(10)
    outcomes.now = () => Promise.reject(new TypeError('no'))
    expect(await ask()).toBe('internal_error')
    expect(await ask()).toBe('internal_error')
    expect(outcomes.count).toBe(1)
  })
})
