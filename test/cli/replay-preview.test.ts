import { previewReplay, renderPreview, type ReplayPreview } from '../../src/cli/replay-preview.js'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import { withTempDir } from '../helpers/temp-dir.js'

const ALL = { failed: undefined, rejected: { since: 0, until: Number.MAX_SAFE_INTEGER } }

async function previewOf(count: number): Promise<ReplayPreview> {
  let preview: ReplayPreview = { failed: null, rejected: null }
  await withTempDir(async (dir) => {
    const store = SqliteStore.open(`${dir}/store.db`)
    const rejections = Array.from({ length: count }, (_, index) => ({
      ...{ source: `a.ndjson:${index + 1}`, reason: 'not JSON', raw: `{${index}`, complete: true, receivedAt: 1 }
    }))
    await store.accept({ events: [], rejections, ignored: {} })
    preview = await previewReplay(store, ALL, { nestedProperties: 'flatten' })
    await store.close()
  })
  return preview
}

describe('the preview of rejected events', () => {
  it('lists 20, and says that the JSON document has all of them', async () => {
    const preview = await previewOf(24)
    const lines = renderPreview(preview).split('\n')
    expect(lines).toHaveLength(23)
    expect(lines.slice(-2)).toEqual([expect.stringMatching(/^a\.ndjson:20 +not JSON$/), 'and 4 more: --json shows all'])
    expect(preview.rejected?.first).toHaveLength(24)
    expect(renderPreview(await previewOf(20))).not.toContain('more')
  })

  it('has at most 1,000 of them in the JSON document, and says so', async () => {
    const preview = await previewOf(1001)
    expect(renderPreview(preview)).toMatch(/\nand 981 more: --json shows the first 1,000$/)
    expect(preview.rejected).toMatchObject({ kept: 1001, rejected: 1001 })
    expect(preview.rejected?.first).toHaveLength(1000)
  })
})
