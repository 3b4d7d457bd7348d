type Event = Readonly<Record<string, unknown>>

/**
 * Whether an identifier comes from a number that JSON could not hold exactly: 12345678901234567891 and …892 are read as the
 * same one, and two people would become one user. As text both are what they are.
 */
export function isInexact(identifier: string, event: Event): boolean {
  const number = Number(identifier)
  if (Number.isNaN(number) || Math.abs(number) <= Number.MAX_SAFE_INTEGER || String(number) !== identifier) return false
  // Text may look like that, too, and is exact.
  return [event, event.traits, event.context].some(
    (holder) => typeof holder === 'object' && holder !== null && Object.values(holder).includes(number)
  )
}
