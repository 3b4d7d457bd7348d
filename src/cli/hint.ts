import { config as configFile, store } from './common-options.js'
import type { Config } from './config.js'

/** A command to type next, as it has to be typed to mean the same store and the same settings. */
export function hint(command: string, config: Config): string {
  const given = [configFile, store].map((setting) => {
    const value = config.sourceOf(setting) === 'flag' ? config.get(setting) : undefined
    return value === undefined ? '' : ` ${setting.flag.split(' ', 1)[0]} ${quoted(value)}`
  })
  return `dopt-destination ${command}${given.join('')}`
}

function quoted(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
