import { generateFql, parseFql } from './actions-core.cjs'

type Parsed = ReturnType<typeof parseFql>
type Group = Extract<Parsed, { children: unknown }>
type Condition = Exclude<Group['children'][number], Group>

/** What Segment evaluates; anything else never applies. `exists` and the like are written with `=` and `!=`. */
const OPERATORS: ReadonlySet<string> = new Set<Condition['operator']>([
  ...(['=', '!=', '<', '<=', '>', '>=', 'number_equals', 'number_not_equals'] as const),
  ...(['contains', 'not_contains', 'starts_with', 'not_starts_with', 'ends_with', 'not_ends_with'] as const),
  ...(['exists', 'not_exists', 'is_true', 'is_false'] as const)
])

/**
 * Why a trigger is not valid, or not what it seems to be; undefined if all is well. Segment's parser leaves out what it
 * does not know (`not`, lists), keeps only the last of `and` and `or` on one level, and takes any token for an operator
 * or a value, so that other events would match than those that were meant.
 */
export function problemOfTrigger(subscribe: string): string | undefined {
  const parsed = parseFql(subscribe)
  if ('error' in parsed) return 'subscribe is not a trigger in FQL, such as type = "identify"'
  const understood = generateFql(parsed)
  if (normalFql(understood) !== normalFql(subscribe)) {
    return `subscribe would be understood as ${understood}: if that is meant, write that`
  }
  if (mixesJoints(subscribe)) {
    return 'subscribe has "and" beside "or": put those that belong together in brackets'
  }
  for (const { operator, value } of conditionsIn(parsed)) {
    if (!OPERATORS.has(operator)) {
      return `subscribe: there is no operator ${operator}; use =, !=, <, <=, > or >=, or contains(…) or match(…)`
    }
    if (/^(not_)?(starts|ends)_with$/.test(operator) && String(value).includes('*')) {
      return 'subscribe: match(…) takes one *, at the beginning or the end of the text; to find text anywhere, use contains(…)'
    }
  }
  return undefined
}

function conditionsIn(group: Group): Array<Condition & { value?: unknown }> {
  return group.children.flatMap((child) => (child.type === 'group' ? conditionsIn(child) : [child]))
}

/**
 * What two triggers have in common if they only differ in blanks, brackets, escapes, quotes around words, and the like.
 */
function normalFql(subscribe: string): string {
  return subscribe.replace(
    /("(?:[^"\\]|\\.)*")|\\(.)|\b(and|or)\b|\d+\.\d+|[\s()]+/gis,
    (all: string, text?: string, escaped?: string, joint?: string) => {
      if (text !== undefined) return /^"[\w.+-]+"$/.test(text) ? text.slice(1, -1) : text
      return escaped ?? joint?.toLowerCase() ?? (/^\d/.test(all) ? String(Number(all)) : '')
    }
  )
}

/**
 * Whether `and` and `or` stand in the same pair of brackets. For Segment's parser, the bracket that ends a function in a
 * pair ends the pair, so that what it makes of the rest is not what is written.
 */
function mixesJoints(subscribe: string): boolean {
  const bare = subscribe.replace(/"(?:[^"\\]|\\.)*"|\\./gs, '').replace(/\w+\s*\([^()]*,[^()]*\)/g, '')
  const levels = [new Set<string>()]
  for (const [token] of bare.matchAll(/[()]|(?<![\w.-])(?:and|or)(?![\w.-])/gi)) {
    if (token === '(') levels.push(new Set())
    else if (token === ')') levels.pop()
    else levels.at(-1)?.add(token.toLowerCase())
    if (levels.at(-1)?.size === 2) return true
  }
  return false
}
