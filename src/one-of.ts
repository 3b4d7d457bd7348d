const LIST = new Intl.ListFormat('en-GB', { type: 'disjunction' })

/** `bulk or batch`; `flatten, stringify or drop`. */
export function oneOf(choices: readonly string[]): string {
  return LIST.format(choices)
}
