import { readEvents, type ReadItem } from '../intake/read-events.js'
import { NOT_JSON } from '../intake/why-not-json.js'
import type { Translation } from '../translate/translation.js'
import { api, config, json, errorDetail, nestedProperties, subscriptions } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { formatCount } from './format-number.js'
import { adviceOnLines } from './input-notes.js'
import { findInputs, type Input } from './inputs.js'
import type { Previewed } from './previewed.js'
import { whole } from './setting.js'
import { plural } from './summary.js'

const DEFAULT_LIMIT = 1000

const limit = whole(
  {
    key: 'limit',
    flag: '--limit <events>',
    help: 'maximum events to show; all are counted',
    defaultText: String(DEFAULT_LIMIT),
    inFile: false
  },
  0,
  1_000_000
)

export const preview: Command = {
  name: 'preview',
  arguments: '[file...]',
  summary: 'show what would be sent for each event, and why the rest would not be',
  description: `Shows, event by event, what would be sent to Dopt, and why the rest would not be. The subscriptions of the
config file apply, as in forward. It sends nothing, and needs neither a store nor a key. Events are shown before they
are merged with others of the same user. Property values are printed. The exit code is 1 if an event would be rejected,
or is too large for a call.`,
  settings: [limit, json],
  common: [api, nestedProperties, subscriptions, config, errorDetail],
  examples: `  $ dopt-destination preview events.ndjson
  $ head -20 events.ndjson | dopt-destination preview --json --config production.json`,
  run
}

async function run({ args, output, wants, loadConfig }: CommandContext): Promise<ExitCode> {
  const from = loadConfig()
  const { describePreviewed, placeWidth, toPreviewed } = await import('./previewed.js')
  const { translatorOptions } = await import('./translator-options.js')
  const { Translator } = await import('../translate/translator.js')
  const options = translatorOptions(from)
  const translator = new Translator(options)
  const about = { api: from.get(api) ?? 'bulk', hasSubscriptions: options.subscriptions !== undefined } as const
  const most = from.get(limit) ?? DEFAULT_LIMIT
  const counts = { received: 0, sent: 0, ignored: 0, rejected: 0, failed: 0 }
  let notJson = 0
  const shown: Previewed[] = []
  /** Of the widest place so far, so that what follows is aligned. */
  let width = 0
  try {
    for (const { name, source } of findInputs(args, process.stdin)) await readInput(name, source)
  } catch (error) {
    // The rest of the file cannot be read; the events before it have been shown.
    if (counts.received > 0) sumUp()
    throw error
  }
  sumUp()
  return counts.rejected + counts.failed > 0 ? EXIT.incomplete : EXIT.done

  async function readInput(name: string, source: Input['source']): Promise<void> {
    for await (const items of readEvents(source, name)) {
      // Whoever reads what is printed has had enough.
      if (output.isClosed) return
      const events = items.map((item) => (item.kind === 'event' ? item.event : undefined))
      const translations = await translator.translate(events, Date.now())
      const placeOf = ({ line }: ReadItem): string => `${name}:${line}`
      const next = items.slice(0, Math.max(0, most - counts.received))
      width = Math.max(width, ...next.map((item) => placeWidth(placeOf(item))))
      items.forEach((item, index) => {
        if (item.kind === 'malformed' && item.reason.startsWith(NOT_JSON)) notJson++
        const place = placeOf(item)
        const previewed = toPreviewed(place, translationOf(item, translations[index]), about)
        counts.received++
        counts[previewed.outcome]++
        if (counts.received > most) return
        if (wants(json)) shown.push(previewed)
        else output.print(describePreviewed(previewed, width))
      })
    }
  }

  function sumUp(): void {
    if (wants(json)) output.printJson({ ...counts, events: shown })
    else output.print(describeRest(counts.received - most) + summaryOf(counts))
    const advice = adviceOnLines(counts.received, notJson)
    if (advice !== undefined) output.note(advice)
  }
}

function translationOf(item: ReadItem, translation: Translation | undefined): Translation {
  if (item.kind === 'malformed') return { kind: 'rejected', reason: item.reason }
  return translation ?? { kind: 'rejected', reason: 'cannot be mapped' }
}

function describeRest(count: number): string {
  return count > 0 ? `and ${formatCount(count)} more: raise --limit to see them\n` : ''
}

function summaryOf({ received = 0, sent = 0, ignored = 0, rejected = 0, failed = 0 }: Record<string, number>): string {
  const [some, none, bad, large] = [sent, ignored, rejected, failed].map(formatCount)
  const rest = failed > 0 ? `, ${large} too large for a call` : ''
  return `${plural(received, 'event')}: ${some} would be sent, ${none} ignored, ${bad} rejected${rest}`
}
