import { StoreError } from '../../store/errors.js'
import type { Store } from '../../store/store.js'
import { systemCode } from '../../system-code.js'
import { settlesWithin } from '../settles-within.js'
import type { HttpError } from './http-error.js'
import { tryAgain, type HttpErrorCode } from './http-error.js'

/** How long clients are asked to wait, and how long the intake waits before it tries the store again itself. */
const TROUBLE_SECONDS = 10
const SHUTDOWN_SECONDS = 5
/** A write to a locked store can wait for seconds; a readiness check waits no longer than this. */
const TRY_WAIT_MS = 500

const CODES = { full: 'store_full', limit: 'store_limit', busy: 'store_busy' } as const

interface Trouble {
  error: HttpError
  /** The store is not tried again before this time. */
  restsUntil: number
  /** The kind of error that events last met; a readiness check does not log what it meets. */
  logged: string | undefined
}

/**
 * Whether the intake can accept events now, and if not, why.
 *
 * A failure of the store counts until a write shows that it is over. Time alone does not show that (a disk can stay
 * full for hours), nor does a request that stores no events (it changes a few bytes, for which a full disk often has
 * room). Stored events do. But while we are not ready, a load balancer sends none, and we would never be ready again:
 * so readiness checks try a write of our own from time to time.
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
   * Records an error of the store. Returns the answer for the client, and whether this kind of error is to be logged.
   */
  take(error: unknown): { told: HttpError; isNew: boolean } {
    // Not the answer's code: clients are told of several kinds of error with one.
    const kind = systemCode(error)
    const isNew = this.#trouble?.logged !== kind
    return { told: this.#enter(error, kind), isNew }
  }

  /** Records that this many events were stored. */
  takeStored(events: number): void {
    if (events > 0) this.#trouble = undefined
  }

  /** Why the intake is not ready; undefined if it is. */
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
      // A newer failure, met by events, takes precedence.
      if (this.#trouble === trouble) this.#trouble = undefined
    } catch (error) {
      this.#enter(error, this.#trouble?.logged)
    }
  }

  #enter(error: unknown, logged: string | undefined): HttpError {
    const told = toTrouble(codeOf(error))
    this.#trouble = { error: told, restsUntil: this.now() + TROUBLE_SECONDS * 1000, logged }
    return told
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

/** Not the store's own messages, which contain file names: those are only logged. */
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
