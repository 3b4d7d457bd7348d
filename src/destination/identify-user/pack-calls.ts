import { MAX_USERS_PER_CALL } from '../limits'
import { BODY_FRAME_BYTES, entryBytes } from '../wire'
import type { Api } from '../wire'
import type { BatchUser } from './user-update'

/** The users of each call, and those that are too large for any call. */
export interface PackedCalls {
  calls: BatchUser[][]
  tooLarge: BatchUser[]
}

/** Divides users, in order, into calls of at most 100 users and `maxBodyBytes`. */
export function packCalls(api: Api, users: readonly BatchUser[], maxBodyBytes: number): PackedCalls {
  const packed: PackedCalls = { calls: [], tooLarge: [] }
  let call: BatchUser[] = []
  let callBytes = 0
  for (const user of users) {
    const bytes = entryBytes(api, user.user)
    if (BODY_FRAME_BYTES + bytes > maxBodyBytes) {
      packed.tooLarge.push(user)
      continue
    }
    if (call.length === 0 || call.length === MAX_USERS_PER_CALL || callBytes + bytes > maxBodyBytes) {
      call = []
      callBytes = BODY_FRAME_BYTES
      packed.calls.push(call)
    }
    call.push(user)
    callBytes += bytes
  }
  return packed
}
