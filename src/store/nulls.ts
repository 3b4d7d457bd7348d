/** A row as SQLite gives it: null where the record has nothing. */
export type Row<T> = { [K in keyof T]: undefined extends T[K] ? Exclude<T[K], undefined> | null : T[K] }

/** The record of a row. */
export function withoutNulls<T extends object>(row: Row<T>): T {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value ?? undefined])) as T
}
