type Event = Readonly<Record<string, unknown>>

/**
 * Whether an identifier comes from a JSON number that JavaScript cannot represent exactly: 12345678901234567891 and
 * …892 are read as the same number, so two people would become one user. As strings they differ.
 */
export function isInexact(identifier: string, event: Event): boolean {
  const number = Number(identifier)
  if (Number.isNaN(number) || Math.abs(number) <= Number.MAX_SAFE_INTEGER || String(number) !== identifier) return false
  // A string may look the same, and is exact.
  return [event, event.traits, event.context].some(
    (holder) => typeof holder === 'object' && holder !== null && Object.values(holder).includes(number)
  )
}
