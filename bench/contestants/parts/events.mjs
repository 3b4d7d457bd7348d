import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

/** The identify events of an NDJSON file, in groups of `size`. */
export async function* readEvents(input, size) {
  let group = []
  for await (const line of createInterface({ input: createReadStream(input) })) {
    const event = JSON.parse(line)
    if (event.type === 'identify') group.push(event)
    if (group.length === size) {
      yield group
      group = []
    }
  }
  if (group.length > 0) yield group
}

/** What a job has to carry of an event. */
export const jobOf = ({ messageId, userId, traits }) => ({ messageId, userId, traits })

/** The body of a call for many users: no user twice, the later value of each property wins. */
export function toUsers(events) {
  const users = new Map()
  for (const { userId, traits } of events) {
    users.set(userId, { ...users.get(userId), ...traits, __dopt_identifier: userId })
  }
  return [...users.values()]
}
