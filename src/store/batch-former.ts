import type { Database } from 'better-sqlite3'
import type { BatchRows } from './batch-rows.js'
import type { BusyUsers } from './busy-users.js'
import { prepareForm, type Formed } from './form-batch.js'
import type { GroupCommit } from './group-commit.js'
import { PendingUsers } from './pending-users.js'
import type { FormOptions, FormResult } from './store.js'
import type { UserPlans } from './user-plans.js'

/** Forms batches, and marks their users as busy. */
export class BatchFormer {
  readonly #pending
  readonly #form

  constructor(
    db: Database,
    private readonly commits: GroupCommit,
    private readonly busy: BusyUsers,
    plans: UserPlans,
    rows: BatchRows
  ) {
    this.#pending = { user: new PendingUsers(db, 'user'), group: new PendingUsers(db, 'group') }
    this.#form = prepareForm(db, this.#pending, plans, rows)
  }

  /** See `formBatch` in store.ts. */
  async form(options: FormOptions): Promise<FormResult> {
    for (;;) {
      const leftOut = this.#leftOut
      try {
        return await this.#tryToForm(options)
      } catch (error) {
        // A damaged page: try again without the user whose events are on it.
        if (this.#leftOut <= leftOut) throw error
      }
    }
  }

  get #leftOut(): number {
    return this.#pending.user.leftOut + this.#pending.group.leftOut
  }

  async #tryToForm(options: FormOptions): Promise<FormResult> {
    let formed: Formed | undefined
    try {
      return await this.commits.write((): FormResult => {
        if (formed?.kind === 'formed') this.busy.release(formed.batch.id)
        formed = this.#form(options, this.busy)
        if (formed.kind !== 'formed') return formed
        // At once, so that a batch formed in the same commit sees that these users are busy.
        this.busy.hold(formed.batch.id, formed.userKeys)
        return { kind: 'formed', batch: formed.batch, superseded: formed.superseded }
      })
    } catch (error) {
      if (formed?.kind === 'formed') this.busy.release(formed.batch.id)
      throw error
    }
  }
}
