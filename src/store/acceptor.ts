import type { Database } from 'better-sqlite3'
import { prepareAccept } from './accept.js'
import { asStoreError } from './errors.js'
import type { GroupCommit } from './group-commit.js'
import { prepareMessageIndex } from './message-index.js'
import type { AcceptReceipt, Intake } from './store.js'

/** Accepts events, and keeps the message index working despite damaged pages. */
export class Acceptor {
  readonly #messages
  readonly #accept

  constructor(
    db: Database,
    private readonly commits: GroupCommit,
    private readonly file: string,
    private readonly options: { recentEvents?: number; acceptLockWaitMs?: number }
  ) {
    this.#messages = prepareMessageIndex(db, options.recentEvents)
    this.#accept = prepareAccept(db, this.#messages)
  }

  /** See `accept` in store.ts, and `write` in group-commit.ts for `admit`. */
  async accept(intake: Intake, admit: () => void): Promise<AcceptReceipt> {
    const { acceptLockWaitMs } = this.options
    for (;;) {
      const { hurts } = this.#messages
      try {
        return await this.commits.write(() => this.#accept(intake), admit, acceptLockWaitMs)
      } catch (error) {
        // The damage is unrelated to these events: try again without the damaged part.
        if (this.#messages.hurts === hurts) throw error
        this.#rescue()
      }
    }
  }

  #rescue(): void {
    try {
      this.#messages.rescue()
    } catch (error) {
      throw asStoreError(error, this.file)
    }
  }
}
