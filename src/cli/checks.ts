import { existsSync, accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import type { ForwarderOptions } from '../options.js'
import { StoreError } from '../store/errors.js'
import { requireDriver } from '../store/sqlite-driver.js'
import { SqliteStore } from '../store/sqlite-store.js'
import { apiKey, endpoint, forwarderOptions, storeFile } from './common-options.js'
import type { Config } from './config.js'
import { describeTrouble } from './endpoint-notices.js'
import { lineOf } from './errors.js'
import { formatBytes } from '../format-bytes.js'
import { httpOptions } from './serve-settings.js'
import { readStatus } from './status-document.js'
import { plural, undelivered } from './summary.js'

/** The result of one check. `detail` is one line; if something is wrong, it says how to fix it. */
export interface CheckResult {
  name: 'configuration' | 'store' | 'endpoint' | 'key'
  ok: boolean
  detail: string
}

/** Longer than a healthy Dopt takes, but shorter than the timeout of a delivery: somebody is waiting for the result. */
const REQUEST_TIMEOUT_MS = 10_000

/**
 * Checks everything that `forward` needs, and the settings of `serve`. Changes nothing, here or at Dopt. Problems are
 * results, not exceptions.
 */
export async function runChecks(loadConfig: () => Config): Promise<CheckResult[]> {
  let config: Config
  let options: ForwarderOptions
  try {
    config = loadConfig()
    const problems = config.problems()
    if (problems.length > 0) return problems.map((detail) => ({ name: 'configuration', ok: false, detail }))
    options = forwarderOptions(config)
  } catch (error) {
    return [{ name: 'configuration', ok: false, detail: lineOf(error) }]
  }
  const configuration = await checkConfiguration(config, options)
  const store = await checkStore(storeFile(config))
  if (configuration.some(({ ok }) => !ok)) return [...configuration, store]
  return [...configuration, store, ...(await checkDopt(options))]
}

async function checkConfiguration(config: Config, options: ForwarderOptions): Promise<CheckResult[]> {
  const [{ DEFAULTS, resolveOptions }, { resolveHttpOptions }, { readSubscriptions }] = await Promise.all([
    import('../options.js'),
    import('../intake/http/options.js'),
    import('../read-subscriptions.js')
  ])
  const http = httpOptions(config)
  const problems = [
    problemOf(() => resolveOptions(options)),
    problemOf(() => readSubscriptions(options.subscriptions, options.api ?? DEFAULTS.api)),
    problemOf(() => resolveHttpOptions({ ...http, host: undefined }))
  ].filter((problem) => problem !== undefined)
  if (problems.length > 0) return problems.map((detail) => ({ name: 'configuration', ok: false, detail }))
  // Not an error: what another address than loopback needs may be flags of `serve`, which are not known here.
  const missing = problemOf(() => resolveHttpOptions(http))
  const where = { flag: 'a flag', environment: 'the environment', file: config.file ?? 'the config file' }
  const keyFrom = config.sourceOf(apiKey)
  const endpointFrom = config.sourceOf(endpoint)
  const parts = [
    config.file === undefined ? 'no config file' : `config file ${config.file}`,
    keyFrom && `API key from ${where[keyFrom]}`,
    options.subscriptions && plural(options.subscriptions.length, 'subscription'),
    endpointFrom === undefined ? 'default endpoint' : `endpoint from ${where[endpointFrom]}`,
    missing && `serve needs more: ${missing}`,
    // Not an error: they may belong to other programs.
    ...config.unknownVariables().map((name) => `${name} in the environment is no setting and is ignored`)
  ]
  return [{ name: 'configuration', ok: true, detail: parts.filter(Boolean).join(', ') }]
}

function problemOf(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return lineOf(error)
  }
}

async function checkStore(file: string): Promise<CheckResult> {
  try {
    const store = SqliteStore.open(file, { mustExist: true })
    try {
      const { events, store: about, sender } = await readStatus(store, Date.now())
      const waiting = undelivered(events)
      const sending = sender?.alive === true ? `, process ${sender.pid} is sending from it` : ''
      const detail = `${file}, ${formatBytes(about.bytes)}, ${plural(waiting, 'event')} undelivered${sending}`
      return { name: 'store', ok: true, detail }
    } finally {
      await store.close()
    }
  } catch (error) {
    if (error instanceof StoreError && error.code === 'missing') return checkFolder(file)
    return { name: 'store', ok: false, detail: lineOf(error) }
  }
}

function checkFolder(file: string): CheckResult {
  const folder = dirname(file)
  if (!existsSync(folder)) {
    return {
      name: 'store',
      ok: false,
      detail: `the folder ${folder} does not exist: create it, or choose another file with --store`
    }
  }
  try {
    requireDriver()
  } catch (error) {
    return { name: 'store', ok: false, detail: lineOf(error) }
  }
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return { name: 'store', ok: true, detail: `${file} does not exist yet; it will be created` }
  } catch {
    const detail = `cannot write to the folder ${folder}: check its permissions, or choose another file with --store`
    return { name: 'store', ok: false, detail }
  }
}

async function checkDopt(options: ForwarderOptions): Promise<CheckResult[]> {
  const { resolveOptions } = await import('../options.js')
  const { GotDoptClient } = await import('../dopt/client.js')
  const resolved = resolveOptions(options)
  const client = new GotDoptClient({ ...resolved, maxSockets: 1, requestTimeoutMs: REQUEST_TIMEOUT_MS })
  try {
    const { outcome, status, code, message, durationMs } = await client.checkKey()
    const error = [status, code, message].filter(Boolean).join(' ')
    const reached = `${resolved.endpoint} answered in ${Math.round(durationMs)} ms`
    switch (outcome) {
      case 'delivered':
        return [
          { name: 'endpoint', ok: true, detail: reached },
          { name: 'key', ok: true, detail: 'Dopt accepts it' }
        ]
      case 'pause': {
        const detail = `Dopt refuses it (${error}): copy the users API key from Dopt again and set DOPT_API_KEY to it`
        return [
          { name: 'endpoint', ok: true, detail: reached },
          { name: 'key', ok: false, detail }
        ]
      }
      case 'misdirected':
      case 'split':
      case 'reject': {
        const detail = `${resolved.endpoint} is not Dopt's users API (${error}): check --endpoint and --api`
        return [{ name: 'endpoint', ok: false, detail }]
      }
      case 'retry': {
        if (code === 'unexpected_answer') {
          return [{ name: 'endpoint', ok: false, detail: `${message}: check --endpoint and --api` }]
        }
        const advice = status === undefined ? 'check --endpoint and the network' : 'try again later; nothing is lost'
        return [{ name: 'endpoint', ok: false, detail: `${describeTrouble(error)}: ${advice}` }]
      }
    }
  } finally {
    client.close()
  }
}
