import fc from 'fast-check'
import type { Subject } from '../../src/store/store.js'

/** Two of them share a key in the ledger (see keys.ts): each has to be planned on its own all the same. */
export const USERS = ['user-48276243', 'user-37616399', 'u1', 'u2'] as const
/** A group that is called as a user is: each has to be kept apart. */
const GROUPS = ['group u1'] as const
/** Everybody of whom events tell something, by the names that the model knows. */
export const EVERYBODY = [...USERS, ...GROUPS] as const
export const NAMES = ['a', 'b'] as const

/** The name by which the model knows a user or a group. */
export function nameOf(subject: Subject, identifier: string): string {
  return subject === 'group' ? `group ${identifier}` : identifier
}

/** What `nameOf` was given. */
export function whoIs(name: string): { subject: Subject; identifier: string } {
  return name.startsWith('group ')
    ? { subject: 'group', identifier: name.slice('group '.length) }
    : { subject: 'user', identifier: name }
}

export interface NewcomerStep {
  id: string
  /** Of whom it tells: one of EVERYBODY. */
  user: string
  /** Event time; a few values only, so that equal and inverted times are common. */
  time: number
  names: readonly string[]
}

/** What is done to the store. `pick` chooses among what there is, modulo its number. */
export type Step =
  | { do: 'accept'; events: readonly NewcomerStep[] }
  | { do: 'form'; maxUsers: number; maxBodyBytes: number; flushAgeMs: number }
  | {
      do: 'settle'
      pick: number
      to: 'delivered' | 'retrying' | 'key-refused' | 'failed' | 'split'
      applied: number
      delayMs: number
    }
  | { do: 'claim'; aheadMs: number }
  | { do: 'at once'; steps: readonly Step[] }
  | { do: 'crash'; applied: number }
  | { do: 'replay'; of: 'all' | 'batch' | 'user' | 'since' | 'until'; pick: number }
  | { do: 'prune'; delivered: boolean; failed: boolean; ageMs: number }
  | { do: 'forget'; user: string }

const user = fc.constantFrom(...EVERYBODY)

const newcomer: fc.Arbitrary<NewcomerStep> = fc.record({
  // Few enough to repeat: then it is a duplicate.
  id: fc.nat(80).map((number) => `m${number}`),
  user,
  time: fc.nat(8),
  names: fc.subarray([...NAMES])
})

const accept: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('accept'),
  events: fc.array(newcomer, { minLength: 1, maxLength: 4 })
})

const form: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('form'),
  maxUsers: fc.integer({ min: 2, max: 4 }),
  // An entry has 40 to 70 bytes: at 50 some users are too large, at 100 few fit together.
  maxBodyBytes: fc.constantFrom(50, 100, 500_000, 500_000),
  flushAgeMs: fc.constantFrom(0, 0, 0, 20)
})

type Fate = Extract<Step, { do: 'settle' }>['to']

const settleAs = (...fates: Fate[]): fc.Arbitrary<Step> =>
  fc.record({
    do: fc.constant('settle'),
    pick: fc.nat(3),
    to: fc.constantFrom(...fates),
    // A bit for each user of the call: whether it took effect although the answer was lost or said otherwise.
    applied: fc.oneof(fc.constant(0), fc.nat(15)),
    delayMs: fc.nat(20)
  })

const settle = settleAs('delivered', 'delivered', 'retrying', 'retrying', 'key-refused', 'failed', 'split')

const claim: fc.Arbitrary<Step> = fc.record({ do: fc.constant('claim'), aheadMs: fc.constantFrom(0, 0, 1000) })

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: accept },
  { weight: 8, arbitrary: form },
  { weight: 9, arbitrary: settle },
  { weight: 5, arbitrary: claim },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('at once'), steps: fc.tuple(accept, settle, fc.oneof(form, claim)) })
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash'), applied: fc.nat(15) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('replay'),
      of: fc.constantFrom('all', 'batch', 'user', 'since', 'until'),
      pick: fc.nat(9)
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('prune'),
      delivered: fc.boolean(),
      failed: fc.boolean(),
      ageMs: fc.constantFrom(0, 0, 50)
    })
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget'), user }) }
)

/** A call that has a hard time, and events that come after it: chance alone seldom keeps to one batch for so long. */
const ordeal: fc.Arbitrary<Step[]> = fc
  .tuple(
    ...[accept, form, settleAs('retrying'), claim, settleAs('retrying', 'split'), claim],
    ...[settleAs('failed', 'delivered'), accept, form]
  )
  .map((inOrder) => inOrder.map((one) => (one.do === 'claim' ? { ...one, aheadMs: 1000 } : one)))

export const steps: fc.Arbitrary<Step[]> = fc
  .array(fc.oneof({ weight: 12, arbitrary: step.map((one) => [one]) }, { weight: 1, arbitrary: ordeal }), {
    minLength: 1,
    maxLength: 70,
    size: 'max'
  })
  .map((parts) => parts.flat())
