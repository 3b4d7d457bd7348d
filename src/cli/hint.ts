import { api, config as configFile, endpoint, nestedProperties, store } from './common-options.js'
import type { Config } from './config.js'

/** What decides where events go and what is made of them. Not the key: no command line should hold it. */
const DELIVERING = [endpoint, api, nestedProperties]

/** A command to type next, as it has to be typed to mean the same store and the same settings. */
export function hint(command: string, config: Config): string {
  const delivers = /^(replay|forward|check)\b/.test(command)
  const given = [configFile, store, ...(delivers ? DELIVERING : [])].map((setting) => {
    const value = config.sourceOf(setting) === 'flag' ? config.get(setting) : undefined
    return value === undefined ? '' : ` ${setting.flag.split(' ', 1)[0]} ${quoted(value)}`
  })
  return `dopt-destination ${command}${given.join('')}`
}

function quoted(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
