import { silentLogger } from '../../delivery/logger.js'
import { createForwarder, type Forwarder } from '../../forwarder.js'
import type { ForwarderOptions } from '../../options.js'
import { StoreError } from '../../store/errors.js'
import { settlesWithin } from '../settles-within.js'

export interface StandbyOptions {
  /** How often to check whether the other sender is gone. */
  takeOverMs: number
  /** How long to wait before trying again to open a store that could not be opened. */
  reopenMs: number
}

export const STANDBY_DEFAULTS = { takeOverMs: 5000, reopenMs: 1000 } as const satisfies StandbyOptions

/**
 * A forwarder that works as far as possible:
 *
 * - If another process is sending from the store (the old instance during a rolling restart, another worker of a
 *   cluster), it only accepts events, and becomes the sender when that process exits.
 * - If the store cannot be opened, or its thread ends unexpectedly, a later task opens it.
 */
export class Standby {
  readonly #running = new Set<Promise<unknown>>()
  #opened: Promise<Forwarder> | undefined
  #reopenAt = 0
  #timer: NodeJS.Timeout | undefined
  #takingOver: Promise<void> | undefined
  #isClosed = false

  constructor(
    private readonly forwarderOptions: ForwarderOptions,
    private readonly options: StandbyOptions
  ) {}

  /** Rejects with StoreError if the store cannot be opened or is closed, or with the task's error. */
  async run<T>(task: (forwarder: Forwarder) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new StoreError('closed', 'the store is closed')
    const running = this.#open().then(task)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  /**
   * Accepts no more tasks, waits for running ones, sends what is due, and closes the store. At `deadline`, in epoch
   * milliseconds, it stops sending: the rest is sent after the next start. If the store is locked then, it waits for
   * it.
   */
  async close(deadline: number): Promise<void> {
    const left = (): number => Math.max(0, deadline - Date.now())
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#takingOver
    await settlesWithin(Promise.allSettled(this.#running), left())
    const forwarder = await this.#opened?.catch(() => undefined)
    if (forwarder === undefined) return
    await settlesWithin(forwarder.drain(), left())
    await forwarder.close({ deadlineMs: left() })
  }

  #open(): Promise<Forwarder> {
    if (this.#opened !== undefined && Date.now() < this.#reopenAt) return this.#opened
    const opened = this.#create()
    this.#use(opened)
    opened.catch(() => {
      if (this.#opened === opened) this.#reopenAt = Date.now() + this.options.reopenMs
    })
    return opened
  }

  #use(opened: Promise<Forwarder>): void {
    this.#opened = opened
    this.#reopenAt = Infinity
    opened.then((forwarder) => this.#leaveWhenLost(forwarder, opened)).catch(() => undefined)
  }

  /** After that, the next task opens the store again. */
  async #leaveWhenLost(forwarder: Forwarder, opened: Promise<Forwarder>): Promise<void> {
    await forwarder.lost
    if (this.#opened !== opened) return
    this.#opened = undefined
    await forwarder.close({ deadlineMs: 0 })
  }

  async #create(): Promise<Forwarder> {
    try {
      return await createForwarder(this.forwarderOptions)
    } catch (error) {
      if (!isInUse(error)) throw error
      const forwarder = await createForwarder({ ...this.forwarderOptions, send: false })
      this.#logger.info(
        {},
        'another process is sending from this store: accepting events only, until that process exits'
      )
      this.#scheduleTakeOver()
      return forwarder
    }
  }

  #scheduleTakeOver(): void {
    if (this.#isClosed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#takingOver = this.#takeOver()
    }, this.options.takeOverMs)
    // Does not keep the process alive: other processes send what is stored.
    this.#timer.unref()
  }

  async #takeOver(): Promise<void> {
    try {
      const sender = await createForwarder(this.forwarderOptions)
      const [former, users] = [this.#opened, [...this.#running]]
      this.#use(Promise.resolve(sender))
      this.#logger.info({}, 'the other process has exited: sending from this store now')
      await Promise.allSettled(users)
      await (await former)?.close()
    } catch (error) {
      if (!isInUse(error)) this.#logger.warn({}, messageOf(error))
      // The store may not open again either: its task has been told, and the next one tries again.
      const opened = await this.#opened?.catch(() => undefined)
      if (opened?.sender === undefined) this.#scheduleTakeOver()
    }
  }

  get #logger() {
    return this.forwarderOptions.logger ?? silentLogger
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'in-use'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the store cannot be opened'
}
