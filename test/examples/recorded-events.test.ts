import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { foldUsers } from '../helpers/independent-fold.js'

interface RecordedEvent {
  type: string
  messageId: string
  timestamp: string
  userId?: string
  anonymousId?: string
  traits?: Record<string, unknown>
  integrations: Record<string, unknown>
  context: Record<string, unknown>
}

const file = join(__dirname, '../../examples/identify-events.ndjson')
const text = readFileSync(file, 'utf8')
const lines = text.trimEnd().split('\n')
const received = lines.map(recordedEvent)
const events = [...new Map(received.map((event) => [event.messageId, event])).values()]
const identifies = events.filter(({ type }) => type === 'identify')
const ofUsers = identifies.filter(({ userId }) => userId !== undefined)

function recordedEvent(line: string): RecordedEvent {
  const value: unknown = JSON.parse(line)
  if (!isRecordedEvent(value)) throw new Error('a line is not an event as the SDK sends it')
  return value
}

function isRecordedEvent(value: unknown): value is RecordedEvent {
  const texts = ['type', 'messageId', 'timestamp']
  const objects = ['integrations', 'context']
  if (!isObject(value)) return false
  return texts.every((name) => typeof value[name] === 'string') && objects.every((name) => isObject(value[name]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Every value in the traits of the identifies, however deep, with the names that lead to it. */
function* traitValues(
  value: unknown = identifies.map(({ traits }) => traits),
  path = ''
): Generator<[string, unknown]> {
  yield [path, value]
  if (typeof value !== 'object' || value === null) return
  for (const [name, nested] of Object.entries(value)) yield* traitValues(nested, `${path}/${name}`)
}

const values = [...traitValues()]
const traitNames = new Set(identifies.flatMap(({ traits = {} }) => Object.keys(traits)))

function countOf<T>(items: Iterable<T>, holds: (item: T) => boolean): number {
  return [...items].filter(holds).length
}

describe('examples/identify-events.ndjson', () => {
  it('holds at least 1,000 identifies of at least 250 users, and is of a size to be kept in a repository', () => {
    expect(ofUsers.length).toBeGreaterThanOrEqual(1_000)
    expect(new Set(ofUsers.map(({ userId }) => userId)).size).toBeGreaterThanOrEqual(250)
    expect(Buffer.byteLength(text)).toBeGreaterThan(500_000)
    expect(Buffer.byteLength(text)).toBeLessThan(1_000_000)
  })

  it('is what the SDK sent: every event with its id, its time and the library that made it', () => {
    for (const event of received) {
      expect(event.messageId).toMatch(/^node-next-\d+-[0-9a-f-]{36}$/)
      expect(event.context.library).toMatchObject({ name: '@segment/analytics-node' })
      expect(new Date(event.timestamp).toISOString()).toBe(event.timestamp)
      expect(event.timestamp).toMatch(/^2026-10-/)
    }
  })

  it('holds two batches twice, some way apart', () => {
    const firstAt = new Map<string, number>()
    const distances = received.flatMap(({ messageId }, at) => {
      const first = firstAt.get(messageId)
      if (first === undefined) firstAt.set(messageId, at)
      return first === undefined ? [] : [at - first]
    })
    expect(distances).toHaveLength(30)
    expect(Math.min(...distances)).toBeGreaterThan(15)
  })

  it('holds the other types of calls, and identifies of people who are not known yet', () => {
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set(['identify', 'track', 'page', 'screen', 'group', 'alias'])
    )
    const anonymous = identifies.filter(({ userId }) => userId === undefined)
    expect(anonymous.length).toBeGreaterThanOrEqual(24)
    expect(anonymous.every(({ anonymousId }) => typeof anonymousId === 'string')).toBe(true)
  })

  it('sees the same people again, with later times, equal times and times gone by', () => {
    const newest = new Map<string | undefined, string>()
    const order = { later: 0, equal: 0, earlier: 0 }
    for (const { userId, timestamp } of ofUsers) {
      const before = newest.get(userId)
      if (before !== undefined) order[timestamp > before ? 'later' : timestamp === before ? 'equal' : 'earlier'] += 1
      if (before === undefined || timestamp > before) newest.set(userId, timestamp)
    }
    expect(order.later).toBeGreaterThan(500)
    expect(order.equal).toBeGreaterThan(20)
    expect(order.earlier).toBeGreaterThan(50)
  })

  it('has users whose values change, and some that late events would set back', () => {
    const inOrderOfArrival = new Map<string, unknown>()
    for (const { userId, traits } of ofUsers)
      if (traits?.plan !== undefined) inOrderOfArrival.set(userId ?? '', traits.plan)
    const right = foldUsers(lines)
    expect(countOf(inOrderOfArrival, ([id, plan]) => right.has(id) && right.get(id)?.plan !== plan)).toBeGreaterThan(5)
    expect(new Set([...right.values()].map(({ plan }) => plan)).size).toBeGreaterThanOrEqual(4)
  })

  it.each<[string, (value: unknown, path: string) => boolean]>([
    ['null', (value) => value === null],
    ['booleans', (value) => typeof value === 'boolean'],
    ['fractions', (value) => typeof value === 'number' && !Number.isInteger(value)],
    ['negative numbers', (value) => typeof value === 'number' && value < 0],
    ['empty strings', (value) => value === ''],
    ['ISO dates', (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT.*Z$/.test(value)],
    ['dates without a time', (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value)],
    ['epoch seconds', (value, path) => path.endsWith('/created_at') && typeof value === 'number'],
    ['arrays', (value, path) => Array.isArray(value) && path.endsWith('/roles')],
    ['objects in arrays', (value, path) => /\/tags\/1\/source$/.test(path) && value === 'crm'],
    ['nested addresses', (_value, path) => /\/address\/(city|geo\/lat)$/.test(path)],
    ['nested companies', (_value, path) => path.endsWith('/company/name')],
    ['three levels', (_value, path) => path.endsWith('/preferences/notifications/email')],
    ['Han', (value) => typeof value === 'string' && /\p{Script=Han}/u.test(value)],
    ['kana', (value) => typeof value === 'string' && /\p{Script=Hiragana}/u.test(value)],
    ['Hangul', (value) => typeof value === 'string' && /\p{Script=Hangul}/u.test(value)],
    ['Arabic', (value) => typeof value === 'string' && /\p{Script=Arabic}/u.test(value)],
    ['Hebrew', (value) => typeof value === 'string' && /\p{Script=Hebrew}/u.test(value)],
    ['Devanagari', (value) => typeof value === 'string' && /\p{Script=Devanagari}/u.test(value)],
    ['emoji', (value) => typeof value === 'string' && /\p{Extended_Pictographic}/u.test(value)],
    ['emoji joined of several', (value) => typeof value === 'string' && value.includes('\u200d')],
    ['letters with combining marks', (value) => typeof value === 'string' && value !== value.normalize('NFC')],
    ['line breaks, quotes and backslashes', (value) => typeof value === 'string' && /\n[^]*"[^]*\\/.test(value)]
  ])('has traits with %s', (_what, holds) => {
    expect(countOf(values, ([path, value]) => holds(value, path))).toBeGreaterThanOrEqual(3)
  })

  it('has traits in both spellings, names with spaces and dots, names that collide when flattened, and none at all', () => {
    for (const name of ['firstName', 'first_name', 'createdAt', 'created_at', 'Lead Source', 'utm.campaign']) {
      expect(traitNames).toContain(name)
    }
    expect(ofUsers.some(({ traits }) => traits?.company_name !== undefined && traits.company !== undefined)).toBe(true)
    expect(countOf(ofUsers, ({ traits = {} }) => Object.keys(traits).length === 0)).toBeGreaterThan(10)
  })

  it('has user ids that are hard to address', () => {
    const ids = new Set(ofUsers.map(({ userId }) => userId))
    for (const id of ['bulk', 'segment', '..', '__proto__', '0042', ' padded ', '100%', 'team/ünal?x=1#y', '漢字-7']) {
      expect(ids).toContain(id)
    }
  })

  it('leaves Dopt out of a few events, in each of the ways there are, and names it in a few others', () => {
    const ways = new Set(events.map(({ integrations }) => JSON.stringify(integrations)))
    for (const way of [
      { All: false },
      { Dopt: false },
      { All: true, 'Dopt (Actions)': false },
      { All: false, Dopt: true },
      { All: false, 'Dopt (Actions)': { workspace: 'example' } }
    ]) {
      expect(ways).toContain(JSON.stringify(way))
    }
  })

  it('names nobody who could be real', () => {
    const addresses = text.match(/[\w.+-]+@[\w.-]+/g) ?? []
    expect(addresses.length).toBeGreaterThan(500)
    expect(addresses.filter((address) => !/@example\.(com|org)$/.test(address))).toEqual([])
    const phones = values.flatMap(([path, value]) =>
      path.endsWith('/phone') && typeof value === 'string' ? [value] : []
    )
    expect(phones.length).toBeGreaterThan(10)
    expect(phones.filter((phone) => !/^\+1-202-555-01\d\d$/.test(phone))).toEqual([])
  })

  it('folds into users that all have an event of their own', () => {
    const users = foldUsers(lines)
    expect(users.size).toBeGreaterThanOrEqual(250)
    const ids = new Set(ofUsers.map(({ userId }) => userId))
    expect([...users.keys()].filter((id) => !ids.has(id))).toEqual([])
  })
})
