import { setFlagsFromString } from 'node:v8'

/** How much a heap may grow over what survived its last collection before the next one. V8's own choice is up to 300 %. */
const GROWTH_PERCENT = 50

/**
 * Keeps this process's memory, the store's thread included, near to what it holds: of a file that is read through, little lives
 * longer than a chunk of events, and V8 would let the remains of many chunks lie about. It costs 5 to 8 % of the speed
 * of `forward`. A server keeps what its connections need for longer: `serve` would be a quarter slower.
 */
export function keepHeapSmall(): void {
  // V8 reads both at each collection, so that they can be set while the program runs: an option of node could not be in the
  // first line.
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`)
  // Young objects are collected by one thread: several take more processor time, and the cores that the store's thread needs.
  setFlagsFromString('--no-parallel-scavenge')
}
