import type { SettledReason } from '../delivery/settled.js'
import { sleep, systemClock } from '../delivery/clock.js'
import type { ReplaySelection } from '../store/store.js'
import type { DeliveryRun } from './delivery-run.js'
import { undelivered } from './summary.js'

const POLL_MS = 200

/** Makes failed events pending again, in steps of one commit each, so that a kill leaves no event in between. */
export async function putBackFailed(selection: ReplaySelection, { forwarder, tally }: DeliveryRun): Promise<void> {
  const { events, ranges } = await forwarder.store.replay(selection, Date.now())
  tally.addPutBack(events, ranges)
  if (events > 0) forwarder.sender?.wake()
}

/** Waits until another process has settled what this run put back, or makes no more progress. */
export async function settleBeside(run: DeliveryRun): Promise<SettledReason> {
  const { forwarder, tally, watch, signal, giveUpAfterMs } = run
  let settled = -1
  let movedAt = Date.now()
  while (!signal.aborted) {
    const askedAt = Date.now()
    const counts = await forwarder.countStates(tally.ranges)
    watch.showSettled(counts)
    if (undelivered(counts) === 0) return 'settled'
    const { endpoint } = await forwarder.books()
    if (endpoint !== undefined) watch.showEndpoint(endpoint)
    if (endpoint?.state === 'key-refused') return 'key-refused'

    const now = Date.now()
    const done = counts.delivered + counts.superseded + counts.failed
    if (done !== settled) [settled, movedAt] = [done, now]
    if (now - movedAt >= giveUpAfterMs) return 'stalled'
    // Counting many events takes time; most of the time should be left to the other process.
    await sleep(systemClock, Math.max(POLL_MS, 10 * (now - askedAt)), signal)
  }
  return 'interrupted'
}
