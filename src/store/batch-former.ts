import type { Database } from 'better-sqlite3'
import type { BatchRows } from './batch-rows.js'
import type { BusyUsers } from './busy-users.js'
import { prepareForm } from './form-batch.js'
import type { GroupCommit } from './group-commit.js'
import { PendingUsers } from './pending-users.js'
import type { FormOptions, FormResult } from './store.js'
import type { UserPlans } from './user-plans.js'

/** Forms batches, one commit for all that are asked for together, and makes their users busy. */
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

  /** Up to `most` batches; the last result may be none. */
  async form(options: FormOptions, most: number): Promise<FormResult[]> {
    for (;;) {
      const leftOut = this.#leftOut
      try {
        return await this.#tryToForm(options, most)
      } catch (error) {
        // A damaged page: once more without the user whose events are on it.
        if (this.#leftOut <= leftOut) throw error
      }
    }
  }

  get #leftOut(): number {
    return this.#pending.user.leftOut + this.#pending.group.leftOut
  }

  async #tryToForm(options: FormOptions, most: number): Promise<FormResult[]> {
    let held: number[] = []
    const release = (): void => {
      for (const id of held) this.busy.release(id)
      held = []
    }
    try {
      return await this.commits.write(() => {
        // A write may run twice.
        release()
        const results: FormResult[] = []
        while (results.length < most) {
          const formed = this.#form(options, this.busy)
          if (formed.kind !== 'formed') return [...results, formed]
          const { batch, superseded, userKeys } = formed
          // At once, so that a batch that is formed in the same commit finds these users busy.
          this.busy.hold(batch.id, userKeys)
          held.push(batch.id)
          results.push({ kind: 'formed', batch, superseded })
        }
        return results
      })
    } catch (error) {
      release()
      throw error
    }
  }
}
