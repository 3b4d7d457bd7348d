import { renderFields } from './fields.js'
import type { Properties } from './sent-values.js'
import { shortened } from './shortened.js'

/** One line per property. Long names and values are cut. `none` is what to say if there are none. */
export function renderValues(properties: Properties, none: string): string {
  const entries = Object.entries(properties)
  if (entries.length === 0) return `  (${none})`
  return renderFields(
    entries.map(([name, value]) => [shortened(name), shortened(JSON.stringify(value))]),
    '  '
  )
}
