import type { Database } from 'better-sqlite3'

/** Small facts for other processes to read, each by its name. */
export function prepareFacts(db: Database) {
  const read = db.prepare<[string], string>('select value from facts where name = ?').pluck()
  const save = db.prepare<[string, string]>(
    'insert into facts (name, value) values (?, ?) on conflict (name) do update set value = excluded.value'
  )
  return {
    read: <T>(name: string): T | undefined => {
      const text = read.get(name)
      return text === undefined ? undefined : (JSON.parse(text) as T)
    },
    save: (name: string, value: object): void => void save.run(name, JSON.stringify(value))
  }
}

export type Facts = ReturnType<typeof prepareFacts>
