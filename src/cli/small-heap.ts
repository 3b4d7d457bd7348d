import { setFlagsFromString } from 'node:v8'

/** How much the heap may grow between collections, relative to what survived the last one. V8's default: up to 300 %. */
const GROWTH_PERCENT = 50

/**
 * Keeps this process's memory, including the store's thread, close to what is in use. While a file is read, little lives
 * longer than a chunk of events, but V8 would let the garbage of many chunks accumulate. This costs 5 to 8 % of the speed of
 * `forward`. It is not for `serve`, which would be a quarter slower: what its connections need lives longer.
 */
export function keepHeapSmall(): void {
  // V8 reads both at each collection, so they can be set at run time: the #! line of the program cannot hold options of
  // node.
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`)
  // One thread collects young objects: several would use more CPU time, and the cores that the store's thread needs.
  setFlagsFromString('--no-parallel-scavenge')
}
