import type { Call } from './read-call.js'

/** Property name → JSON value. Null is a value. */
export type Properties = Record<string, unknown>

/** The users and groups that successful calls have created. */
export class SandboxState {
  readonly users = new Map<string, Properties>()
  readonly groups = new Map<string, Properties>()
  /** User → the groups that calls have put it into. */
  readonly memberships = new Map<string, Set<string>>()

  /** Applies a whole call. It has been validated, so nothing here can fail halfway. */
  apply(call: Call): void {
    for (const { identifier, properties, omit } of call.users) upsert(this.users, identifier, properties, omit)
    for (const { identifier, properties } of call.groups) upsert(this.groups, identifier, properties)
    for (const { user, group } of call.memberships) {
      const groups = this.memberships.get(user)
      if (groups === undefined) this.memberships.set(user, new Set([group]))
      else groups.add(group)
    }
  }

  clear(): void {
    this.users.clear()
    this.groups.clear()
    this.memberships.clear()
  }
}

function upsert(held: Map<string, Properties>, identifier: string, properties: Properties, omit?: string): void {
  let target = held.get(identifier)
  if (target === undefined) held.set(identifier, (target = {}))
  for (const [name, value] of Object.entries(properties)) {
    if (name === omit) continue
    // Defined, not assigned: an assignment to `__proto__` would change the object's prototype.
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true })
  }
}
