/** A row from SQLite: null where the record has undefined. */
export type Row<T> = { [K in keyof T]: undefined extends T[K] ? Exclude<T[K], undefined> | null : T[K] }

/** Converts a row to a record. */
export function withoutNulls<T extends object>(row: Row<T>): T {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value ?? undefined])) as T
}
