import { formatCount } from './format-number.js'
import type { Output } from './output.js'
import { printable } from './printable.js'

/** More would push everything else off the screen. */
const SHOWN = 10

/** Reports rejected lines and the reasons: the first ones as they come, the rest as a number. */
export class RejectedLines {
  #count = 0

  constructor(private readonly output: Output) {}

  say(source: string, reason: string): void {
    this.#count++
    if (this.#count <= SHOWN) this.output.note(printable(`${source}: ${reason}`))
  }

  /** To be called at the end: reports how many more there were. */
  sayRest(): void {
    const rest = this.#count - SHOWN
    if (rest > 0) this.output.note(`and ${formatCount(rest)} more ${rest === 1 ? 'was' : 'were'} rejected`)
  }
}
