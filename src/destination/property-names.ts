import { IDENTIFIER_KEY } from './wire'

/** Joins the parts of a flattened name. */
const SEPARATOR = '_'

/** `__dopt_identifier` would overwrite the user's identity. */
export function isAllowedName(name: string): boolean {
  return name !== IDENTIFIER_KEY && name !== '__proto__'
}

/** The name of `key` in an object named `parent`; undefined for the outermost object. */
export function joinNames(parent: string | undefined, key: string): string {
  return parent === undefined ? key : `${parent}${SEPARATOR}${key}`
}

/** The property for the values at one path, as it is written in JSON text. */
export interface PropertyName {
  name: string
  /** How many names it joins. */
  depth: number
  /** With its colon: `"address_city":`. */
  label: string
  isAllowed: boolean
  /** Another path gives the same name: the writer must decide which of the two values counts. */
  isContested: boolean
  /** By key; undefined until something was found under this path. */
  below: Map<string, PropertyName> | undefined
}

/**
 * Caches the names of paths: creating a name, and checking whether it needs escaping and whether another path has the
 * same one, costs more than everything else about a nested value, and traits have the same few names in every event.
 * Limited in size, because the names come from whoever sends events.
 */
export class PropertyNames {
  #top = new Map<string, PropertyName>()
  #byName = new Map<string, PropertyName>()
  /** The number of paths; there may be fewer names. */
  #size = 0

  constructor(
    private readonly maxPaths: number,
    private readonly maxLength: number
  ) {}

  /** Clears the cache if it is full. Names stay the same until the next call. */
  begin(): void {
    if (this.#size < this.maxPaths) return
    this.#top = new Map()
    this.#byName = new Map()
    this.#size = 0
  }

  /**
   * The property for `key` in the object at `parent`. Undefined if its name is too long, or the cache is full.
   */
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
