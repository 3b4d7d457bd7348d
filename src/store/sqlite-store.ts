import { hostname } from 'node:os'
import type { Database } from 'better-sqlite3'
import { Acceptor } from './acceptor.js'
import { prepareBatchRows } from './batch-rows.js'
import { BusyUsers } from './busy-users.js'
import { prepareBooks } from './books.js'
import { BatchFormer } from './batch-former.js'
import { asStoreError, StoreError } from './errors.js'
import { prepareFacts } from './facts.js'
import { GroupCommit } from './group-commit.js'
import { prepareInspect } from './inspect.js'
import { prepareForget, scrub } from './forget.js'
import { prepareOpenBatches } from './open-batches.js'
import { openDatabase, type OpenOptions } from './open-database.js'
import { preparePrune } from './prune.js'
import { reclaim } from './reclaim.js'
import { prepareReplay, sumSteps } from './replay.js'
import { prepareSaveEndpoint } from './save-endpoint.js'
import { SenderLock } from './sender-lock.js'
import { prepareSettle } from './settle-batch.js'
import { prepareSizeLimit } from './size-limit.js'
import type {
  AcceptReceipt,
  Agenda,
  BatchFilter,
  EndpointRecord,
  FormOptions,
  FormResult,
  ForgetCount,
  PruneOptions,
  Intake,
  OpenBatch,
  ReplayCount,
  ReplaySelection,
  Resumed,
  SenderRecord,
  SeqRange,
  SettledEvents,
  Settlement,
  Store,
  Subject
} from './store.js'
import { tryToWrite } from './try-to-write.js'
import { prepareUserPlans } from './user-plans.js'

export interface SqliteStoreOptions extends OpenOptions {
  /** At this size `accept` rejects with `limit`. */
  maxBytes?: number
  /** See wal-limit.ts. */
  maxWalBytes?: number
  /** How long `accept` waits while another process has the database locked. Default: as long as other writes. */
  acceptLockWaitMs?: number
  /** See message-index.ts; changed only by tests. */
  recentEvents?: number
}

/** The store in one SQLite file. See store.ts for what each method promises. */
export class SqliteStore implements Store {
  readonly #db: Database
  readonly #commits: GroupCommit
  readonly #acceptor
  readonly #userPlans
  readonly #former
  readonly #settle
  readonly #replay
  readonly #prune
  readonly #forget
  readonly #inspect
  readonly #books
  readonly #checkLimit
  readonly #facts
  readonly #saveEndpoint
  readonly #openBatches
  /**
   * Users of open batches; their newer events wait. Only the sender changes open batches, so its memory is accurate.
   */
  readonly #busy = new BusyUsers()
  #lock: SenderLock | undefined

  private constructor(
    readonly location: string,
    private readonly options: SqliteStoreOptions
  ) {
    this.#db = openDatabase(location, options)
    this.#commits = new GroupCommit(this.#db, location, options.maxWalBytes)
    this.#acceptor = new Acceptor(this.#db, this.#commits, location, options)
    this.#userPlans = prepareUserPlans(this.#db)
    const rows = prepareBatchRows(this.#db)
    this.#former = new BatchFormer(this.#db, this.#commits, this.#busy, this.#userPlans, rows)
    this.#settle = prepareSettle(this.#db, this.#userPlans, rows)
    this.#replay = prepareReplay(this.#db)
    this.#prune = preparePrune(this.#db)
    this.#forget = prepareForget(this.#db)
    this.#inspect = prepareInspect(this.#db)
    this.#books = prepareBooks(this.#db)
    this.#checkLimit = prepareSizeLimit(location, this.#books.bytes, options.maxBytes)
    this.#facts = prepareFacts(this.#db)
    this.#saveEndpoint = prepareSaveEndpoint(this.#db, this.#facts)
    this.#openBatches = prepareOpenBatches(this.#db)
  }

  /** Opens the store, creating or migrating it if needed. Throws StoreError. */
  static open(file: string, options: SqliteStoreOptions = {}): SqliteStore {
    return new SqliteStore(file, options)
  }

  async accept(intake: Intake): Promise<AcceptReceipt> {
    return this.#acceptor.accept(intake, this.#checkLimit)
  }

  async formBatch(options: FormOptions): Promise<FormResult> {
    this.#requireLock()
    return this.#former.form(options)
  }

  async claimRetry(dueBy: number, now: number): Promise<OpenBatch | undefined> {
    this.#requireLock()
    const { batch, settled } = await this.#commits.write(() => this.#settle.claim(dueBy, now))
    for (const id of settled) this.#busy.release(id)
    return batch
  }

  async settle(batchId: number, settlement: Settlement): Promise<SettledEvents> {
    this.#requireLock()
    const { held, settled } = await this.#commits.write(() => this.#settle.settle(batchId, settlement))
    if (settlement.to !== 'retrying') this.#busy.release(batchId)
    for (const { batchId: child, userKeys } of held) this.#busy.hold(child, userKeys)
    return settled
  }

  async resume(now: number): Promise<Resumed> {
    this.#lock ??= SenderLock.take(this.location)
    this.#commits.dependOn(this.#lock.file)
    const sender: SenderRecord = { pid: process.pid, host: hostname(), startedAt: now }
    const { ids, endpoint } = await this.#commits.write(() => {
      this.#facts.save('sender', sender)
      return { ids: this.#openBatches.recover(now), endpoint: this.#facts.read<EndpointRecord>('endpoint') }
    })
    for (const id of ids) this.#busy.hold(id, this.#userPlans.userKeysOf(id))
    return { waiting: ids.length, endpoint }
  }

  async makeDue(now: number): Promise<void> {
    this.#requireLock()
    return this.#commits.write(() => this.#openBatches.makeDue(now))
  }

  async replay(selection: ReplaySelection, now: number): Promise<ReplayCount> {
    const selected = this.#read(() => this.#replay.select(selection))
    return sumSteps(selected, (ids) => this.#commits.write(() => this.#replay.putBack(selection, ids, now)))
  }

  async countReplay(selection: ReplaySelection): Promise<ReplayCount> {
    const selected = this.#read(() => this.#replay.select(selection))
    return sumSteps(selected, async (ids) => this.#read(() => this.#replay.count(selection, ids)))
  }

  async pruneStep(options: PruneOptions): Promise<{ removed: number; more: boolean }> {
    return this.#commits.write(() => this.#prune(options))
  }

  async reclaimStep(): Promise<boolean> {
    return this.#commits.write(() => reclaim(this.#db))
  }

  async forget(identifier: string, subject: Subject = 'user'): Promise<ForgetCount> {
    const count = await this.#commits.write(() => this.#forget(identifier, subject))
    await scrub(this.#db, this.location)
    return count
  }

  async usage(): Promise<{ bytes: number; maxBytes: number | undefined }> {
    return this.#read(() => ({ bytes: this.#books.bytes(), maxBytes: this.options.maxBytes }))
  }

  async tryToWrite(): Promise<void> {
    return this.#commits.write(() => tryToWrite(this.#facts), this.#checkLimit, this.options.acceptLockWaitMs)
  }

  async saveEndpoint(record: EndpointRecord): Promise<void> {
    return this.#commits.write(() => this.#saveEndpoint(record))
  }

  async rejections(afterId: number, limit: number) {
    return this.#read(() => this.#inspect.rejections(afterId, limit))
  }

  async books() {
    return this.#read(() => this.#books.books())
  }

  async countStates(ranges: readonly SeqRange[]) {
    return this.#read(() => this.#inspect.countStates(ranges))
  }

  async agenda(): Promise<Agenda> {
    return this.#read(() => this.#inspect.agenda())
  }

  async nextRetryAt(): Promise<number | undefined> {
    return this.#read(() => this.#inspect.nextRetryAt())
  }

  async listBatches(filter: BatchFilter) {
    return this.#read(() => this.#inspect.listBatches(filter))
  }

  async getBatch(id: number) {
    return this.#read(() => this.#inspect.getBatch(id))
  }

  async eventsOfBatch(id: number, limit: number) {
    return this.#read(() => this.#inspect.eventsOfBatch(id, limit))
  }

  async getEvent(messageId: string) {
    return this.#read(() => this.#inspect.getEvent(messageId))
  }

  async partsOfEvent(messageId: string) {
    return this.#read(() => this.#inspect.partsOfEvent(messageId))
  }

  async eventsOfUser(identifier: string, limit: number, subject: Subject = 'user') {
    return this.#read(() => this.#inspect.eventsOfUser(identifier, limit, subject))
  }

  async close(): Promise<void> {
    if (!this.#db.open) return
    this.#commits.close()
    this.#db.close()
    this.#lock?.release()
    this.#lock = undefined
  }

  #read<T>(run: () => T): T {
    if (!this.#db.open) throw new StoreError('closed', `the store ${this.location} is closed`)
    try {
      return run()
    } catch (error) {
      throw asStoreError(error, this.location)
    }
  }

  #requireLock(): void {
    if (this.#lock === undefined)
      throw new StoreError('in-use', `${this.location}: call resume() before sending from it`)
  }
}
