import { describeAccepting } from './conformance/accepting.js'
import { describeForgetting } from './conformance/forgetting.js'
import { describeForming } from './conformance/forming.js'
import { describeGroups } from './conformance/groups.js'
import { describeHistories } from './conformance/histories.js'
import { describeNewestWins } from './conformance/newest-wins.js'
import { describeParts } from './conformance/parts.js'
import { describeReading } from './conformance/reading.js'
import { describeReplaying } from './conformance/replaying.js'
import { describeResuming } from './conformance/resuming.js'
import { describeSettling } from './conformance/settling.js'
import type { OpenStore } from './store-rig.js'

/** What any implementation of the store must do. `openStore` makes a new store for each test and cleans up after it. */
export function describeStore(name: string, openStore: OpenStore): void {
  describe(name, () => {
    describeAccepting(openStore)
    describeForming(openStore)
    describeNewestWins(openStore)
    describeSettling(openStore)
    describeReplaying(openStore)
    describeResuming(openStore)
    describeReading(openStore)
    describeHistories(openStore)
    describeGroups(openStore)
    describeParts(openStore)
    describeForgetting(openStore)
  })
}
