import { SqliteDatabase } from '../../src/store/sqlite-driver.js'
import { prepareInspect } from '../../src/store/inspect.js'
import { migrate } from '../../src/store/migrations.js'

describe('what only reads', () => {
  it('sorts nothing in memory that there may be millions of (law 9)', () => {
    const db = new SqliteDatabase(':memory:')
    migrate(db, 'x.db')
    const statements: string[] = []
    const prepare = db.prepare.bind(db)
    const spied = Object.assign(Object.create(db) as typeof db, {
      prepare: (sql: string) => {
        statements.push(sql)
        return prepare(sql)
      }
    })
    prepareInspect(spied)

    const sorting = statements.filter((sql) => {
      // Named parameters are all of one object; the others are counted.
      const values = sql.includes('@')
        ? [{ state: null, since: null, limit: 1 }]
        : [...sql.matchAll(/\?/g)].map(() => 1)
      const plan = prepare(`explain query plan ${sql}`).all(...values) as Array<{ detail: string }>
      // With a limit at its end SQLite keeps no more than as many.
      return !/limit \S+$/.test(sql) && plan.some(({ detail }) => detail.includes('TEMP B-TREE'))
    })

    expect(statements.length).toBeGreaterThan(10)
    expect(sorting).toEqual([])
    db.close()
  })
})
