import type { RequestClient } from '@segment/actions-core'
import type { Connection } from './connection'
import { post } from './post'
import { judge, judgeMany } from './verdict'
import type { Verdict } from './verdict'
import { groupRequest, manyUsersPath, oneUserRequest } from './wire'
import type { GroupEntry, UserEntry } from './wire'

/** One call for one user, to the endpoint that its identifier allows. */
export async function sendOneUser(
  request: RequestClient,
  connection: Connection,
  user: UserEntry,
  timeoutMs: number
): Promise<Verdict> {
  const wireRequest = oneUserRequest(connection.api, user)
  const answer = await post(request, connection, wireRequest, timeoutMs)
  return wireRequest.path === manyUsersPath(connection.api) ? judgeMany(answer, [user]) : judge(answer, [user])
}

/** One call for one group. */
export async function sendOneGroup(
  request: RequestClient,
  connection: Connection,
  group: GroupEntry,
  timeoutMs: number
): Promise<Verdict> {
  const answer = await post(request, connection, groupRequest(group), timeoutMs)
  return { ...judge(answer, [group]), subject: 'group' }
}
