import { StoreError } from '../../store/errors.js'
import type { Store } from '../../store/store.js'
import { settlesWithin } from '../settles-within.js'
import type { HttpError } from './http-error.js'
import { tryAgain, type HttpErrorCode } from './http-error.js'

/** How long clients are asked to wait, and how long the store is left alone before the intake itself tries it again. */
const TROUBLE_SECONDS = 10
const SHUTDOWN_SECONDS = 5
/** A locked store lets a write wait for seconds; whoever asks whether we are ready waits no longer than this. */
const TRY_WAIT_MS = 500

const CODES = { full: 'store_full', limit: 'store_limit', busy: 'store_busy' } as const

interface Trouble {
  error: HttpError
  /** Not tried again before. */
  restsUntil: number
}

/**
 * Whether the intake can take events just now, and if not, why.
 *
 * Trouble with the store lasts until something shows that it is over. Time shows nothing: a disk stays full for hours.
 * Nor does a request of which nothing is stored: it changes a few bytes, for which a full disk often has room. Events
 * that were stored do. But once we are not ready a load balancer sends us none, and we would never be ready again: so
 * whoever asks makes us try a write of our own, once in a while.
 */
export class IntakeState {
  #isShuttingDown = false
  #trouble: Trouble | undefined
  #trying: Promise<void> | undefined

  constructor(
    private readonly store: Pick<Store, 'usage' | 'tryToWrite'>,
    private readonly now: () => number = Date.now,
    private readonly tryWaitMs = TRY_WAIT_MS
  ) {}

  get isShuttingDown(): boolean {
    return this.#isShuttingDown
  }

  beginShutdown(): void {
    this.#isShuttingDown = true
  }

  /**
   * For an error that the store met: what the client is told, and whether it is the first one of its kind in this
   * trouble.
   */
  take(error: unknown): { told: HttpError; isNew: boolean } {
    const told = toTrouble(codeOf(error))
    const isNew = this.#trouble?.error.code !== told.code
    this.#trouble = { error: told, restsUntil: this.now() + TROUBLE_SECONDS * 1000 }
    return { told, isNew }
  }

  /** So many events were written to the store. */
  takeStored(events: number): void {
    if (events > 0) this.#trouble = undefined
  }

  /** Why the intake is not ready; undefined when it is. */
  async notReady(): Promise<HttpError | undefined> {
    if (this.#isShuttingDown) return shuttingDown()
    if (this.#trouble !== undefined) await settlesWithin(this.#tryIfRested(this.#trouble), this.tryWaitMs)
    if (this.#trouble !== undefined) return this.#trouble.error
    try {
      const { bytes, maxBytes } = await this.store.usage()
      return maxBytes === undefined || bytes < maxBytes ? undefined : toTrouble('store_limit')
    } catch (error) {
      if (error instanceof StoreError) return toTrouble(codeOf(error))
      throw error
    }
  }

  async #tryIfRested(trouble: Trouble): Promise<void> {
    if (this.#trying === undefined && this.now() < trouble.restsUntil) return
    this.#trying ??= this.#try(trouble).finally(() => (this.#trying = undefined))
    return this.#trying
  }

  async #try(trouble: Trouble): Promise<void> {
    try {
      await this.store.tryToWrite()
      // What events have met meanwhile counts for more.
      if (this.#trouble === trouble) this.#trouble = undefined
    } catch (error) {
      this.take(error)
    }
  }
}

function toTrouble(code: TroubleCode): HttpError {
  return tryAgain(code, MESSAGES[code], TROUBLE_SECONDS)
}

export function shuttingDown(): HttpError {
  return tryAgain('shutting_down', MESSAGES.shutting_down, SHUTDOWN_SECONDS)
}

type TroubleCode = Extract<
  HttpErrorCode,
  'store_full' | 'store_limit' | 'store_busy' | 'shutting_down' | 'internal_error'
>

/** Not the store's own words, which name files of this machine: those go to the log. */
const MESSAGES: Record<TroubleCode, string> = {
  store_full: 'the disk is full: nothing was stored; retry later',
  store_limit: 'the store has reached its limit: nothing was stored; retry later',
  store_busy: 'the store is locked: nothing was stored; retry later',
  shutting_down: 'the server is shutting down: nothing was stored; retry',
  internal_error: 'the store cannot be used: nothing was stored; retry later'
}

function codeOf(error: unknown): TroubleCode {
  const code = error instanceof StoreError ? error.code : undefined
  if (code === 'closed') return 'shutting_down'
  return code === 'full' || code === 'limit' || code === 'busy' ? CODES[code] : 'internal_error'
}
