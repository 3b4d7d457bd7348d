import { NOT_JSON } from '../intake/why-not-json.js'
import { formatCount } from './format-number.js'
import type { Output } from './output.js'
import { printable } from './printable.js'

/** More would push everything else off the screen. */
const SHOWN = 10

/**
 * Says what to give instead of lines of which none is JSON, such as those of CSV, or of an event on several lines.
 * Undefined if some are, or if there is only one, whose own reason says enough.
 */
export function adviceOnLines(received: number, notJson: number): string | undefined {
  if (received < 2 || notJson < received) return undefined
  return 'no line of the input is JSON: give NDJSON, with a whole event in each line ("jq -c ." writes it), or a JSON array'
}

/** Reports what is wrong with the events of an input: the first ones as they come, the rest as a number. */
export class InputNotes {
  #rejected = 0
  /** How many lines were not JSON. */
  notJson = 0
  #untimed = 0
  #firstUntimed = ''

  constructor(private readonly output: Output) {}

  rejected(source: string, reason: string): void {
    this.#rejected++
    if (reason.startsWith(NOT_JSON)) this.notJson++
    if (this.#rejected <= SHOWN) this.output.note(printable(`${source}: ${reason}`))
  }

  /** An event whose timestamp is no time. */
  untimed(source: string): void {
    if (this.#untimed === 0) this.#firstUntimed = source
    this.#untimed++
  }

  /** To be called at the end: reports how many more there were. */
  sayRest(): void {
    const rest = this.#rejected - SHOWN
    if (rest > 0) this.output.note(`and ${formatCount(rest)} more ${rest === 1 ? 'was' : 'were'} rejected`)
    if (this.#untimed === 0) return
    const more = this.#untimed === 1 ? '' : `; the same goes for ${formatCount(this.#untimed - 1)} more`
    const allowed = 'ISO 8601, or epoch seconds or milliseconds'
    this.output.note(
      printable(`${this.#firstUntimed}: the timestamp cannot be read (use ${allowed}); the event counts as new${more}`)
    )
  }
}
