import assert from 'node:assert/strict'
import type { Call, Users } from './dopt.js'
import type { Moment, Traffic } from './traffic.js'

/** What the checks read of `status --json`. */
export interface Status {
  events: Record<'pending' | 'sending' | 'retrying' | 'delivered' | 'superseded' | 'failed', number>
  rejected: number
  intake: { received: number; accepted: number; duplicates: number; rejected: number; ignored: Record<string, number> }
}

export function sum(counts: object): number {
  return Object.values(counts).reduce<number>((total, count) => total + Number(count), 0)
}

/** Where what Dopt holds is not what it should hold. */
export function differences(held: Users, wanted: Users): string[] {
  const places = new Set<string>()
  const values = (users: Users): Map<string, string> =>
    new Map(
      Object.entries(users).flatMap(([user, properties]) => [
        [user, 'there'],
        ...Object.entries(properties).map(([name, value]): [string, string] => [
          `${user}, ${name}`,
          JSON.stringify(value)
        ])
      ])
    )
  const [is, shouldBe] = [values(held), values(wanted)]
  for (const place of [...is.keys(), ...shouldBe.keys()]) if (is.get(place) !== shouldBe.get(place)) places.add(place)
  return [...places].map((place) => `${place} is ${is.get(place)} and should be ${shouldBe.get(place)}`)
}

/** Law 2: every accepted event is in one state, and everything that came in is accounted for. */
export function checkBooks({ events, intake }: Status): void {
  assert.equal(sum(events), intake.accepted, 'the states do not add up to what was accepted')
  const { received, accepted, duplicates, rejected, ignored } = intake
  assert.equal(accepted + duplicates + rejected + sum(ignored), received, 'the intake does not add up')
}

/** `forward --json` and `replay --json`. */
export function checkSummary(text: string): Record<string, number> {
  const summary = JSON.parse(text) as Record<string, number>
  const of = (...names: string[]): number => names.reduce((total, name) => total + (summary[name] ?? NaN), 0)
  assert.equal(of('accepted', 'duplicates', 'rejected', 'ignored'), of('received'), 'a summary does not add up')
  assert.equal(of('delivered', 'superseded', 'failed', 'pending'), of('accepted'), 'the states of a run do not add up')
  return summary
}

/** Law 4: a user never goes backwards. Shown what Dopt holds again and again, it compares. */
export class NeverBackwards {
  readonly #held = new Map<string, Moment & { value: unknown }>()
  looks = 0

  constructor(private readonly traffic: Traffic) {}

  look(users: Users): void {
    this.looks++
    for (const [user, properties] of Object.entries(users)) {
      for (const [name, value] of Object.entries(properties)) {
        if (name !== 'n') this.#compare(`${user}, ${name}`, value)
      }
    }
  }

  #compare(place: string, value: unknown): void {
    const moment = this.traffic.moments.get(value)
    assert.ok(moment, `${place} has the value ${String(value)}, which nobody sent`)
    const before = this.#held.get(place)
    const isOlder =
      before !== undefined &&
      (moment.timeMs < before.timeMs || (moment.timeMs === before.timeMs && moment.order < before.order))
    assert.ok(!isOlder, `${place} went backwards, from ${String(before?.value)} to ${String(value)}`)
    this.#held.set(place, { ...moment, value })
  }
}

/** A time in which one process was the sender. */
export interface Life {
  from: number
  to: number
}

/** Laws 4 and 5: no call names anybody twice, and no two calls of one process that carry the same user or group overlap. */
export function checkCalls(calls: readonly Call[], lives: readonly Life[]): void {
  const last = new Map<string, { end: number; life: number }>()
  const inOrder = calls
    .map(({ path, identifiers, groups, time, durationMs }) => ({
      identifiers: path === '/identify/group' ? groups.map((group) => `the group ${group}`) : identifiers,
      start: Date.parse(time),
      durationMs
    }))
    .sort((a, b) => a.start - b.start)
  for (const { identifiers, start, durationMs } of inOrder) {
    assert.equal(new Set(identifiers).size, identifiers.length, 'a call names a user twice')
    assert.ok(identifiers.length <= 100, 'a call names more than 100 users')
    const life = lives.findIndex(({ from, to }) => from <= start && start <= to)
    for (const identifier of identifiers) {
      const before = last.get(identifier)
      // Clocks of two processes, in whole milliseconds.
      const overlaps = before !== undefined && before.life === life && life !== -1 && start < before.end - 1
      assert.ok(!overlaps, `two calls carried ${identifier} at the same time`)
      last.set(identifier, { end: start + durationMs, life })
    }
  }
}
