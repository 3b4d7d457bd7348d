import type { PropertyValue } from './nested-properties'

/**
 * One event of a user. `eventTime` is in epoch milliseconds; `order` is the order of arrival, and decides between equal
 * times.
 */
export interface PropertyUpdate {
  eventTime: number
  order: number
  properties: Record<string, PropertyValue>
}

export interface MergedUpdates {
  /** The newest value of each property. For a single update its own object, otherwise a new one without a prototype. */
  properties: Record<string, PropertyValue>
  /**
   * For each update, in the given order: if none of its values is left, the index of the newest update that replaced
   * one; `undefined` if some are left, or if it had no properties.
   */
  supersededBy: Array<number | undefined>
}

/**
 * Merges the events of ONE user into one update: the newest value of each property wins, by `eventTime`, then by
 * `order`, then by place in the list. The list may be in any order and is not changed. Never throws.
 */
export function mergeUpdates(updates: readonly PropertyUpdate[]): MergedUpdates {
  const [only] = updates
  if (only !== undefined && updates.length === 1) return { properties: only.properties, supersededBy: [undefined] }

  const winners = new Map<string, Winner>()
  const oldestFirst = updates.map((update, index) => ({ update, index })).sort(byAge)
  oldestFirst.forEach(({ update, index }, rank) => {
    for (const [name, value] of Object.entries(update.properties)) winners.set(name, { value, index, rank })
  })

  const properties = recordWithoutPrototype<PropertyValue>()
  const left = new Set<number>()
  for (const [name, { value, index }] of winners) {
    properties[name] = value
    left.add(index)
  }
  return {
    properties,
    supersededBy: updates.map((update, index) => (left.has(index) ? undefined : newestWinner(update, winners)))
  }
}

/**
 * The final value of a property, the index of the update that it is from, and the rank of that update (0 is oldest).
 */
interface Winner {
  value: PropertyValue
  index: number
  rank: number
}

interface IndexedUpdate {
  update: PropertyUpdate
  index: number
}

function byAge(a: IndexedUpdate, b: IndexedUpdate): number {
  return a.update.eventTime - b.update.eventTime || a.update.order - b.update.order || a.index - b.index
}

function newestWinner(update: PropertyUpdate, winners: ReadonlyMap<string, Winner>): number | undefined {
  let newest: Winner | undefined
  for (const name of Object.keys(update.properties)) {
    const winner = winners.get(name)
    if (winner !== undefined && (newest === undefined || winner.rank > newest.rank)) newest = winner
  }
  return newest?.index
}

/** Without a prototype, `constructor` and `__proto__` are ordinary names. */
function recordWithoutPrototype<T>(): Record<string, T> {
  const record: Record<string, T> = {}
  Object.setPrototypeOf(record, null)
  return record
}
