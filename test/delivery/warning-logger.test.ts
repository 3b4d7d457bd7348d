import { createForwarder } from '../../src/forwarder.js'
import { createWarningLogger } from '../../src/delivery/warning-logger.js'
import { startSandbox } from '../../src/sandbox/index.js'
import { withTempDir } from '../helpers/temp-dir.js'

const REFUSED = /^Dopt refuses the API key: .*; for details, pass a logger, or see "dopt-destination status"$/

describe('a program without a logger', () => {
  it('is warned that its key is refused, without the key', async () => {
    const warnings: unknown[][] = []
    jest.spyOn(process, 'emitWarning').mockImplementation((...args: unknown[]) => void warnings.push(args))
    const sandbox = await startSandbox({ apiKey: 'right-key' })
    await withTempDir(async (dir) => {
      const options = { endpoint: sandbox.url, apiKey: 'wrong-key', store: `${dir}/store.db`, flushIntervalMs: 0 }
      const forwarder = await createForwarder(options)
      await forwarder.accept({ type: 'identify', userId: 'u' })
      await forwarder.drain()
      await forwarder.close()
    })
    await sandbox.close()
    expect(warnings).toEqual([[expect.stringMatching(REFUSED), { type: 'DoptWarning' }]])
    expect(JSON.stringify(warnings)).not.toContain('wrong-key')
  })

  it('is told of each kind of trouble once, and of nothing else', () => {
    const warnings: string[] = []
    const logger = createWarningLogger((text) => warnings.push(text))
    for (const endpoint of ['key-refused', 'backing-off', 'key-refused', 'backing-off']) {
      logger.warn({ endpoint }, `endpoint is ${endpoint}`)
      logger.info({ endpoint: 'ok' }, 'endpoint is ok')
    }
    logger.warn({ batch: 1 }, 'batch split')
    logger.error({ endpoint: 'key-refused' }, 'something else')
    expect(warnings).toEqual([expect.stringMatching(REFUSED), expect.stringMatching(/^Dopt cannot be reached/)])
  })

  it('without options is told what to pass', async () => {
    await expect(createForwarder()).rejects.toMatchObject({ code: 'configuration' })
  })
})
