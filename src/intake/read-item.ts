/** What one top-level value of the input turned out to be. */
export type ReadItem = ReadEvent | MalformedValue

export interface ReadEvent {
  kind: 'event'
  /** The line it starts on, from 1, in the decoded input. */
  line: number
  event: Record<string, unknown>
  /** Its size in the decoded input, without the white space behind it. */
  bytes: number
}

export interface MalformedValue {
  kind: 'malformed'
  /** The line it starts on, from 1, in the decoded input. */
  line: number
  /** In plain words, without any of the input's text. */
  reason: string
  /** The text, cut at 4,096 characters. */
  raw: string
}
