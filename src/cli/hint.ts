import { store } from './common-options.js'
import type { Config } from './config.js'

/** A command to type next, as it has to be typed to mean the same store. */
export function hint(command: string, config: Config): string {
  const file = config.sourceOf(store) === 'flag' ? config.get(store) : undefined
  return `dopt-destination ${command}${file === undefined ? '' : ` --store ${quoted(file)}`}`
}

function quoted(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
