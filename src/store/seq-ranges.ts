import type { SeqRange } from './store.js'

/** Adds a range to a list, joining it with the last one if they are adjacent. */
export function addRange(ranges: SeqRange[], { first, last }: SeqRange): void {
  const previous = ranges.at(-1)
  if (previous !== undefined && previous.last + 1 === first) previous.last = last
  else ranges.push({ first, last })
}

/** The same numbers in as few ranges as possible, in order. The given ranges must not overlap. */
export function mergeRanges(ranges: readonly SeqRange[]): SeqRange[] {
  const merged: SeqRange[] = []
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) addRange(merged, range)
  return merged
}
