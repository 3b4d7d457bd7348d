import { formatCount } from './format-number.js'

/** `type 1,204, no-identifier 3`: the most frequent first. */
export function describeIgnored(reasons: Readonly<Record<string, number>>): string {
  return Object.entries(reasons)
    .sort(([name, count], [otherName, otherCount]) => otherCount - count || (name < otherName ? -1 : 1))
    .map(([reason, count]) => `${reason} ${formatCount(count)}`)
    .join(', ')
}
