import type { Worker } from 'node:worker_threads'
import { StoreError } from '../errors.js'
import type { SqliteStoreOptions } from '../sqlite-store.js'
import type {
  BatchFilter,
  EndpointRecord,
  FormOptions,
  Intake,
  PruneOptions,
  ReplaySelection,
  SeqRange,
  Settlement,
  Store,
  Subject
} from '../store.js'
import { fromMessage, type Answer, type Arguments, type Method, type Request, type Result } from './protocol.js'
import { startThread } from './start-thread.js'

interface Waiting {
  resolve: (result: unknown) => void
  reject: (error: Error) => void
}

/**
 * A SQLite store in a thread of its own, so that writing to disk does not block reading, translating and sending. Each
 * method is one message to the thread and one back; calls made in the same turn usually arrive together and share a
 * commit.
 */
export class ThreadedStore implements Store {
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  /** Resolves with the reason if the thread ends unexpectedly; the store cannot be used after that. */
  readonly lost: Promise<StoreError>
  #gone: StoreError | undefined
  #tellLost: (error: StoreError) => void = () => undefined
  #closing: Promise<void> | undefined

  private constructor(
    readonly location: string,
    private readonly worker: Worker
  ) {
    this.lost = new Promise((resolve) => (this.#tellLost = resolve))
    worker.on('message', (answer: Answer) => this.#take(answer))
    worker.on('error', (error) => this.#lose(this.#ended(error)))
    worker.on('exit', () => this.#lose(this.#ended()))
  }

  /** Opens the store, creating or migrating it if needed. Rejects with StoreError. */
  static async open(file: string, options: SqliteStoreOptions = {}): Promise<ThreadedStore> {
    const store = new ThreadedStore(file, startThread({ file, options }))
    try {
      await store.#answer(0)
      return store
    } catch (error) {
      await store.worker.terminate()
      throw error
    }
  }

  accept = (intake: Intake) => this.#ask('accept', intake)
  formBatch = (options: FormOptions) => this.#ask('formBatch', options)
  claimRetry = (dueBy: number, now: number) => this.#ask('claimRetry', dueBy, now)
  settle = (batchId: number, settlement: Settlement) => this.#ask('settle', batchId, settlement)
  resume = (now: number) => this.#ask('resume', now)
  makeDue = (now: number) => this.#ask('makeDue', now)
  agenda = () => this.#ask('agenda')
  nextRetryAt = () => this.#ask('nextRetryAt')
  replay = (selection: ReplaySelection, now: number) => this.#ask('replay', selection, now)
  countReplay = (selection: ReplaySelection) => this.#ask('countReplay', selection)
  rejections = (afterId: number, limit: number) => this.#ask('rejections', afterId, limit)
  pruneStep = (options: PruneOptions) => this.#ask('pruneStep', options)
  reclaimStep = () => this.#ask('reclaimStep')
  forget = (identifier: string, subject?: Subject) => this.#ask('forget', identifier, subject)
  usage = () => this.#ask('usage')
  tryToWrite = () => this.#ask('tryToWrite')
  saveEndpoint = (record: EndpointRecord) => this.#ask('saveEndpoint', record)
  books = () => this.#ask('books')
  countStates = (ranges: readonly SeqRange[]) => this.#ask('countStates', ranges)
  listBatches = (filter: BatchFilter) => this.#ask('listBatches', filter)
  getBatch = (id: number) => this.#ask('getBatch', id)
  eventsOfBatch = (id: number, limit: number) => this.#ask('eventsOfBatch', id, limit)
  getEvent = (messageId: string) => this.#ask('getEvent', messageId)
  partsOfEvent = (messageId: string) => this.#ask('partsOfEvent', messageId)
  eventsOfUser = (identifier: string, limit: number, subject?: Subject) =>
    this.#ask('eventsOfUser', identifier, limit, subject)

  /** Commits earlier requests, closes the database and ends the thread. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#gone !== undefined) return
    await this.#ask('close')
    this.#gone = new StoreError('closed', `the store ${this.location} is closed`)
    await this.worker.terminate()
  }

  async #ask<M extends Method>(method: M, ...args: Arguments<M>): Promise<Result<M>> {
    if (this.#gone !== undefined) throw this.#gone
    const request: Request<M> = { id: ++this.#lastId, method, args }
    this.worker.postMessage(request)
    return (await this.#answer(request.id)) as Result<M>
  }

  /** The thread keeps the process alive only while an answer is pending. */
  #answer(id: number): Promise<unknown> {
    this.worker.ref()
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  #take(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (this.#waiting.size === 0) this.worker.unref()
    if (!('error' in answer)) {
      waiting?.resolve(answer.result)
      return
    }
    const error = fromMessage(answer.error)
    waiting?.reject(error)
    if (error instanceof StoreError && error.code === 'gone') this.#lose(error)
  }

  #ended(cause?: Error): StoreError {
    const message = `the store ${this.location} cannot be used any more (${cause?.message ?? 'its thread ended'}): restart; nothing acknowledged is lost`
    return new StoreError('gone', message, { cause })
  }

  /** Whether unanswered requests were written is unknown. */
  #lose(reason: StoreError): void {
    if (this.#gone !== undefined) return
    this.#gone = reason
    this.#tellLost(reason)
    for (const { reject } of this.#waiting.values()) reject(reason)
    this.#waiting.clear()
    void this.worker.terminate()
  }
}
