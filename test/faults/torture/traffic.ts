import type { Chance } from './chance.js'

/** When an event happened, for the question which of two is newer: by event time, then by arrival. */
export interface Moment {
  timeMs: number
  order: number
}

const EPOCH = Date.UTC(2020, 0, 1)
const NAMES = ['p0', 'p1', 'p2', 'p3', 'p4'] as const

/**
 * What Segment might send, in the order in which it is sent: events of users and, where there are any, of groups, out of order and with equal times, without a time,
 * without traits, twice, twice with different traits, not for us, and lines that are no events. No two events give a
 * trait the same value, so that a value tells where it came from.
 */
export class Traffic {
  readonly lines: string[] = []
  /** How many events had been accepted when all lines up to this one had been: `accepted[lines.length - 1]`. */
  readonly accepted: number[] = []
  /** When the event happened that a value is from. A value that is not here must not be anywhere. */
  readonly moments = new Map<unknown, Moment>()
  readonly malformed = new Set<string>()
  readonly users: readonly string[]
  /** Empty where there is no traffic of groups. */
  readonly groups: readonly string[]
  readonly #messageIds: string[] = []

  constructor(
    private readonly chance: Chance,
    { users = 60, groups = 0 } = {}
  ) {
    this.users = Array.from({ length: users }, (_, number) => `user ${number}`)
    this.groups = Array.from({ length: groups }, (_, number) => `group ${number}`)
  }

  /** Adds as many lines. */
  write(count: number): void {
    for (let written = 0; written < count; written++) {
      this.lines.push(this.#line())
      this.accepted.push(this.#messageIds.length)
    }
  }

  /** How many of the first lines have surely been taken in when the store counts so many accepted events. */
  linesAccepted(events: number): number {
    const first = this.accepted.findIndex((count) => count > events)
    return first === -1 ? this.lines.length : first
  }

  #line(): string {
    const { chance } = this
    const earlier = this.lines.length === 0 ? undefined : this.lines[chance.between(0, this.lines.length - 1)]
    const kind = chance.next()
    if (kind < 0.08 && earlier !== undefined) return earlier
    if (kind < 0.11 && this.#messageIds.length > 0) return this.#impostor()
    if (kind < 0.13) return JSON.stringify({ type: 'track', event: 'Seen', userId: 'nobody' })
    if (kind < 0.15) return JSON.stringify({ ...this.#identify('nobody', {}), integrations: { All: false } })
    if (kind < 0.17) return this.#malformed()
    return this.#event()
  }

  /** The message id of an earlier event with other traits: the first that came counts. */
  #impostor(): string {
    const messageId = this.#messageIds[this.chance.between(0, this.#messageIds.length - 1)]
    const userId = this.#user()
    return JSON.stringify({ ...this.#identify(userId, { p0: `impostor ${this.lines.length}` }), messageId })
  }

  #malformed(): string {
    const text = `{"type":"identify","userId":"user 1","line":${this.lines.length}`
    this.malformed.add(text)
    return text
  }

  #event(): string {
    const { chance } = this
    const order = this.lines.length
    const user = this.#user()
    const value = `v${order}${chance.happens(0.05) ? '.'.repeat(1000) : ''}`
    const traits: Record<string, unknown> = Object.fromEntries(chance.some(NAMES, 0.4).map((name) => [name, value]))
    if (chance.happens(0.1)) traits['address'] = { city: value }
    if (chance.happens(0.1)) traits['n'] = chance.pick(null, order)
    // Few users have events without a time: these are newer than all that have one.
    const isTimeless = user.endsWith('7') && chance.happens(0.3)
    const timeMs = EPOCH + 10_000 * chance.between(0, 60)
    this.moments.set(value, { timeMs: isTimeless ? Infinity : timeMs, order })
    const messageId = `m${order}`
    this.#messageIds.push(messageId)
    const timestamp = isTimeless ? undefined : new Date(timeMs).toISOString()
    const identify = { ...this.#identify(user, traits), messageId, timestamp }
    if (this.groups.length === 0 || chance.happens(0.5)) return JSON.stringify(identify)
    const groupId = this.groups[chance.between(0, this.groups.length - 1)]
    if (chance.happens(0.5)) {
      const account = chance.happens(0.5) ? { p0: value } : undefined
      return JSON.stringify({ ...identify, context: { groupId, account } })
    }
    return JSON.stringify({ ...identify, type: 'group', groupId, userId: chance.pick(user, user, undefined) })
  }

  #identify(userId: string, traits: Record<string, unknown>): Record<string, unknown> {
    return {
      type: 'identify',
      messageId: `x${this.lines.length}`,
      userId,
      timestamp: new Date(EPOCH).toISOString(),
      traits
    }
  }

  /** Some are busier than others. */
  #user(): string {
    const { chance, users } = this
    const last = chance.happens(0.5) ? Math.ceil(users.length / 8) : users.length - 1
    return users[chance.between(0, last)] ?? 'user 0'
  }
}
