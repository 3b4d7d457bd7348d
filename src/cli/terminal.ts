export type Environment = Readonly<Record<string, string | undefined>>

/** Whether to write colours to this stream: only to a capable terminal, unless NO_COLOR is set (no-color.org). */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: Environment = process.env): boolean {
  return isTerminal(stream, env) && !env['NO_COLOR']
}

/** Whether this stream is a terminal that can move its cursor. */
export function isTerminal(stream: { readonly isTTY?: boolean }, env: Environment = process.env): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}
