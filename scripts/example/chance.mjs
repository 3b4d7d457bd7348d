/** Mulberry32: small, fast and the same everywhere. */
export function chanceFrom(seed) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit) => Math.floor(next() * limit)
  return {
    next,
    below,
    pick: (from) => from[below(from.length)],
    /** True in `share` of the cases. */
    one: (share) => next() < share,
    hex: (length) => Array.from({ length }, () => below(16).toString(16)).join('')
  }
}

export function uuid(chance) {
  return `${chance.hex(8)}-${chance.hex(4)}-4${chance.hex(3)}-a${chance.hex(3)}-${chance.hex(12)}`
}
