import { join } from 'node:path'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { describeStore } from './store-conformance.js'

describeStore('the SQLite store', (use) =>
  withTempDir(async (dir) => {
    const opened: SqliteStore[] = []
    try {
      await use(() => {
        const store = SqliteStore.open(join(dir, 'store.db'))
        opened.push(store)
        return store
      })
    } finally {
      for (const store of opened) await store.close()
    }
  })
)
