import { StoreError, type StoreErrorCode } from '../errors.js'
import type { SqliteStoreOptions } from '../sqlite-store.js'
import type { Store } from '../store.js'

/** The data that the thread is started with. */
export interface ThreadData {
  file: string
  options: SqliteStoreOptions
}

/** The store's methods, by name: all are asynchronous, with arguments and results that can be cloned. */
export type Method = {
  [K in keyof Store]: Store[K] extends (...args: never[]) => Promise<unknown> ? K : never
}[keyof Store]
export type Arguments<M extends Method> = Parameters<Store[M]>
export type Result<M extends Method> = Awaited<ReturnType<Store[M]>>

export interface Request<M extends Method = Method> {
  id: number
  method: M
  args: Arguments<M>
}

/** The first answer, with id 0, tells whether the store was opened. */
export type Answer = { id: number; result: unknown } | { id: number; error: ErrorMessage }

/** An error as it is passed between threads, which do not preserve its class. */
export interface ErrorMessage {
  message: string
  code: StoreErrorCode | undefined
  stack: string | undefined
  cause: unknown
}

export function toMessage(error: unknown): ErrorMessage {
  const code = error instanceof StoreError ? error.code : undefined
  if (!(error instanceof Error)) return { message: String(error), code, stack: undefined, cause: undefined }
  const { message, stack, cause } = error
  return { message, code, stack, cause: cause instanceof Error ? cause.message : cause }
}

export function fromMessage({ message, code, stack, cause }: ErrorMessage): Error {
  const error = code === undefined ? new Error(message, { cause }) : new StoreError(code, message, { cause })
  if (stack !== undefined) error.stack = stack
  return error
}
