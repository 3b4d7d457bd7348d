/** Whether a text may contain a number that is not a safe integer, as JavaScript writes it. */
const MAY_BE_INEXACT = /\d{16}|\de\+\d/
const NUMBERS = /\d[\d.]*(?:e\+\d+)?/g
/** Limits the work for an identifier that somebody made for it: in a longer one, numbers must stand by themselves. */
const LONGEST = 512
const MOST_NUMBERS = 4

/**
 * Whether an identifier comes from a JSON number that JavaScript cannot represent exactly: 12345678901234567891 and
 * …892 are read as the same number, so two people would become one user. As strings they differ.
 *
 * What a mapping makes of an event does not say where it comes from, so the whole event is searched.
 */
export function isInexact(identifier: string, event: Readonly<Record<string, unknown>>): boolean {
  if (!MAY_BE_INEXACT.test(identifier)) return false
  const values = [...valuesIn(event)]
  const numbers = values.filter((value) => typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)
  const own = identifier.length > LONGEST ? new Set(identifier.match(NUMBERS)) : undefined
  const written = [...new Set(numbers.map(String))].filter(
    (text) => own?.has(text.replace('-', '')) ?? identifier.includes(text)
  )
  if (written.length > MOST_NUMBERS) return true
  // A string that looks the same is exact.
  return written.some((text) => !values.some((value) => typeof value === 'string' && value.includes(text)))
}

/** All values that are not objects, at any depth. */
function* valuesIn(event: object): Generator<unknown, void, undefined> {
  const objects = new Set([event])
  // Objects that are added during the loop are visited too: no recursion, which thousands of levels would overflow.
  for (const object of objects) {
    for (const value of Object.values(object) as unknown[]) {
      if (typeof value === 'object' && value !== null) objects.add(value)
      else yield value
    }
  }
}
