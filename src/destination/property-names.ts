import { IDENTIFIER_KEY } from './wire'

/** Joins the names that a flattened name is made of. */
const SEPARATOR = '_'

/** `__dopt_identifier` would overwrite the identity of the user. */
export function isAllowedName(name: string): boolean {
  return name !== IDENTIFIER_KEY && name !== '__proto__'
}

/** The name of what is called `key` in an object that itself is named `parent`; on top there is no such object. */
export function joinNames(parent: string | undefined, key: string): string {
  return parent === undefined ? key : `${parent}${SEPARATOR}${key}`
}

/** The property that values at one path get, as it is written into JSON text. */
export interface PropertyName {
  name: string
  /** How many names it is made of. */
  depth: number
  /** With its colon: `"address_city":`. */
  label: string
  isAllowed: boolean
  /** Another path gives the same name, and whoever writes it has to see which of the two values counts. */
  isContested: boolean
  /** By key; undefined until something has been found under this path. */
  below: Map<string, PropertyName> | undefined
}

/**
 * Remembers the names of paths: making one, and seeing whether it has to be escaped and whether another path has it too,
 * costs more than all else about a nested value, and traits have the same few names in every event. Bounded, because the
 * names are in the hands of whoever sends events.
 */
export class PropertyNames {
  #top = new Map<string, PropertyName>()
  #byName = new Map<string, PropertyName>()
  /** Of paths: of names there may be fewer. */
  #size = 0

  constructor(
    private readonly maxPaths: number,
    private readonly maxLength: number
  ) {}

  /** Makes room, if there is none. Between this and the next one names stay what they are. */
  begin(): void {
    if (this.#size < this.maxPaths) return
    this.#top = new Map()
    this.#byName = new Map()
    this.#size = 0
  }

  /** The property for `key` in the object found at `parent`. Undefined where it is too long, or there is no room for it. */
  find(parent: PropertyName | undefined, key: string): PropertyName | undefined {
    const siblings = parent === undefined ? this.#top : parent.below
    return siblings?.get(key) ?? this.#add(parent, key)
  }

  #add(parent: PropertyName | undefined, key: string): PropertyName | undefined {
    const name = joinNames(parent?.name, key)
    if (name.length > this.maxLength || this.#size >= this.maxPaths) return undefined
    const other = this.#byName.get(name)
    if (other !== undefined) other.isContested = true
    const added: PropertyName = {
      name,
      depth: parent === undefined ? 1 : parent.depth + 1,
      label: `${JSON.stringify(name)}:`,
      isAllowed: isAllowedName(name),
      isContested: other !== undefined,
      below: undefined
    }
    this.#byName.set(name, added)
    this.#size += 1
    if (parent === undefined) this.#top.set(key, added)
    else (parent.below ??= new Map<string, PropertyName>()).set(key, added)
    return added
  }
}
