import { formatCount } from './format-number.js'
import type { Output } from './output.js'
import { printable } from './printable.js'

/** More than these would push everything else off the screen. */
const SHOWN = 10

/** Says which lines were rejected, and why: the first ones as they come, the others as a number. */
export class RejectedLines {
  #count = 0

  constructor(private readonly output: Output) {}

  say(source: string, reason: string): void {
    this.#count++
    if (this.#count <= SHOWN) this.output.note(printable(`${source}: ${reason}`))
  }

  /** At the end: how many there were besides. */
  sayRest(): void {
    const rest = this.#count - SHOWN
    if (rest > 0) this.output.note(`and ${formatCount(rest)} more ${rest === 1 ? 'was' : 'were'} rejected`)
  }
}
