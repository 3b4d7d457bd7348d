import type { CallResult } from '../dopt/call-result.js'
import type { DoptClient } from '../dopt/client.js'
import type { OpenBatch } from '../store/store.js'

/** Makes the call for the batch's users, or for its group. */
export async function makeCall(
  client: DoptClient,
  { subject, entries }: OpenBatch,
  signal: AbortSignal
): Promise<CallResult> {
  const [first] = entries
  return subject === 'group' && first !== undefined
    ? client.identifyGroup(first, signal)
    : client.identifyMany(entries, signal)
}
