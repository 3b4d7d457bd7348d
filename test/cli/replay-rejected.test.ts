import { retryRejected } from '../../src/cli/replay-rejected.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { withTempDir } from '../helpers/temp-dir.js'

const all = { since: 0, until: Number.MAX_SAFE_INTEGER }

describe('translating kept rejections again', () => {
  it('comes to an end, though each of them is rejected once more meanwhile', async () => {
    await withTempDir(async (dir) => {
      const store = SqliteStore.open(`${dir}/store.db`)
      const reject = (reason: string) => ({ source: 'in process', reason, raw: '{"type":"identify"}', complete: true })
      const keep = (...reasons: string[]) => store.accept({ events: [], rejections: reasons.map(reject), ignored: {} })
      await keep('first', 'second', 'third')
      const seen: string[] = []
      for await (const retried of retryRejected(store, all, { nestedProperties: 'flatten' })) {
        seen.push(...retried.map(({ record }) => record.reason))
        await keep(...retried.map(({ record }) => `${record.reason} again`))
        if (seen.length > 10) break
      }
      expect(seen).toEqual(['first', 'second', 'third'])
      await store.close()
    })
  })
})
