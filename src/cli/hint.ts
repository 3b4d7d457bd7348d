import { api, config as configFile, endpoint, nestedProperties, store } from './common-options.js'
import type { Config } from './config.js'

/** Settings that decide where events go and what they become. Not the key, which belongs on no command line. */
const DELIVERING = [endpoint, api, nestedProperties]
const DELIVER = new Set(['replay', 'forward', 'check'])

/** Settings that decide what events become. */
const TRANSLATING = [api, nestedProperties]

/** A command to run next, with the flags that it needs to use the same store and settings. */
export function hint(command: string, config: Config): string {
  const [name = ''] = command.split(' ')
  const others = name === 'preview' ? TRANSLATING : [store, ...(DELIVER.has(name) ? DELIVERING : [])]
  const given = [configFile, ...others].map((setting) => {
    const value = config.sourceOf(setting) === 'flag' ? config.get(setting) : undefined
    return value === undefined ? '' : ` ${setting.flag.split(' ', 1)[0]} ${quoted(value)}`
  })
  return `dopt-destination ${command}${given.join('')}`
}

/** As one word of a shell. */
export function quoted(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
