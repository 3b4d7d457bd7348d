import { StoreError } from '../../store/errors.js'
import type { HttpError } from './http-error.js'
import { tryAgain, type HttpErrorCode } from './http-error.js'

/** How long the store's trouble is remembered, and how long clients are asked to wait. */
const TROUBLE_SECONDS = 10
const SHUTDOWN_SECONDS = 5

const CODES = { full: 'store_full', limit: 'store_limit', busy: 'store_busy' } as const

/** Whether the intake can take events just now, and if not, why. */
export class IntakeState {
  #isShuttingDown = false
  #trouble: { error: HttpError; until: number } | undefined

  constructor(private readonly usage: () => Promise<{ bytes: number; maxBytes: number | undefined }>) {}

  get isShuttingDown(): boolean {
    return this.#isShuttingDown
  }

  get isInTrouble(): boolean {
    return this.#trouble !== undefined && Date.now() < this.#trouble.until
  }

  beginShutdown(): void {
    this.#isShuttingDown = true
  }

  /** For an error of the store's: what the client is told. Trouble that passes is remembered for a while. */
  take(error: StoreError): HttpError {
    const told = toTrouble(codeOf(error))
    this.#trouble = { error: told, until: Date.now() + TROUBLE_SECONDS * 1000 }
    return told
  }

  /** Events were taken: whatever it was, it is over. */
  takeSuccess(): void {
    this.#trouble = undefined
  }

  /** Why the intake is not ready; undefined when it is. */
  async notReady(): Promise<HttpError | undefined> {
    if (this.#isShuttingDown) return shuttingDown()
    if (this.#trouble !== undefined && this.isInTrouble) return this.#trouble.error
    try {
      const { bytes, maxBytes } = await this.usage()
      return maxBytes === undefined || bytes < maxBytes ? undefined : toTrouble('store_limit')
    } catch (error) {
      if (error instanceof StoreError) return toTrouble(codeOf(error))
      throw error
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
  store_full: 'the disk is full: nothing was taken, send it again later',
  store_limit: 'the store has reached its limit: nothing was taken, send it again later',
  store_busy: 'the store is locked: nothing was taken, send it again later',
  shutting_down: 'the server is shutting down: nothing was taken, send it again',
  internal_error: 'the store cannot be used: nothing was taken, send it again later'
}

function codeOf({ code }: StoreError): TroubleCode {
  if (code === 'closed') return 'shutting_down'
  return code === 'full' || code === 'limit' || code === 'busy' ? CODES[code] : 'internal_error'
}
