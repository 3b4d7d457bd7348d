/** One top-level value of the input. */
export type ReadItem = ReadEvent | MalformedValue

export interface ReadEvent {
  kind: 'event'
  /** The line it starts on, from 1, in the decoded input. */
  line: number
  event: Record<string, unknown>
  /** Its size in the decoded input, without trailing white space. */
  bytes: number
}

export interface MalformedValue {
  kind: 'malformed'
  /** The line it starts on, from 1, in the decoded input. */
  line: number
  /** Why it is malformed, without any text from the input. */
  reason: string
  /** Its text, cut after 4,096 characters. */
  raw: string
}
