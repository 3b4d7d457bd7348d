import type { RejectionRecord, Store } from '../store/store.js'
import { messageIdOf } from '../translate/message-id.js'
import { Translated } from '../translate/translated.js'
import type { Translation } from '../translate/translation.js'
import { Translator, type TranslatorOptions } from '../translate/translator.js'
import type { DeliveryRun } from './delivery-run.js'
import { InputNotes } from './input-notes.js'
import type { RejectedSelection } from './replay-selection.js'
import { translatorOptions } from './translator-options.js'

const CHUNK = 500

/** A kept rejection, translated again. */
export interface Retried {
  record: RejectionRecord
  event: unknown
  translation: Translation
  /** It is still invalid, but an event with its message id has been accepted since: the source was corrected. */
  isCorrected: boolean
}

/**
 * Translates kept rejections again, in chunks, and only as many as there are at the start: events that are rejected
 * meanwhile, perhaps one of these once more, come after them. Only reads.
 */
export async function* retryRejected(
  store: Pick<Store, 'books' | 'rejections' | 'getEvent'>,
  selection: RejectedSelection,
  options: TranslatorOptions
): AsyncGenerator<Retried[], void, undefined> {
  const translator = new Translator(options)
  let after = 0
  let left = (await store.books()).rejected
  while (left > 0) {
    const records = await store.rejections(after, Math.min(left, CHUNK))
    const last = records.at(-1)
    if (last === undefined) return
    after = last.id
    left -= records.length
    const chosen = records.filter(({ receivedAt }) => receivedAt >= selection.since && receivedAt < selection.until)
    const parsed = chosen.map(parse)
    // Their arrival is the original one: their users may have sent newer values since then.
    const translations = await translator.translate(
      parsed.map(({ event }) => event),
      chosen.map(({ receivedAt }) => receivedAt)
    )
    const retried: Retried[] = []
    for (const [index, record] of chosen.entries()) {
      const { event, reason = record.reason } = parsed[index] ?? { event: undefined }
      const translation = (event !== undefined && translations[index]) || { kind: 'rejected', reason }
      const isCorrected = translation.kind === 'rejected' && (await isAccepted(store, event))
      retried.push({ record, event, translation, isCorrected })
    }
    yield retried
  }
}

async function isAccepted(store: Pick<Store, 'getEvent'>, event: unknown): Promise<boolean> {
  if (typeof event !== 'object' || event === null || !('messageId' in event)) return false
  const { messageId } = event
  // Otherwise the id is derived from the content: that of the same event, with the same mistake.
  const isGiven = Number.isSafeInteger(messageId) || (typeof messageId === 'string' && messageId !== '')
  return isGiven && (await store.getEvent(messageIdOf({ messageId }))) !== undefined
}

/**
 * Accepts what can be translated now, and deletes its rejection in the same commit; deletes those that were corrected;
 * the rest is kept unchanged. So a kill at any moment loses nothing, and a second run finds only the rest.
 */
export async function putBackRejected(selection: RejectedSelection, run: DeliveryRun): Promise<void> {
  const { forwarder, config, tally, output, signal } = run
  const notes = new InputNotes(output)
  for await (const retried of retryRejected(forwarder.store, selection, translatorOptions(config))) {
    if (signal.aborted) return
    const corrected = retried.filter(({ isCorrected }) => isCorrected).map(({ record }) => record.id)
    if (corrected.length > 0) {
      await forwarder.store.accept({ events: [], rejections: [], ignored: {}, replacesRejections: corrected })
      tally.addDuplicates(corrected.length)
    }
    const again = retried.filter(({ translation, isCorrected }) => translation.kind === 'rejected' && !isCorrected)
    for (const { record, translation } of again) notes.rejected(record.source, reasonOf(record, translation))
    tally.addRejected(again.length)
    const good = retried.filter(({ translation }) => translation.kind !== 'rejected')
    if (good.length === 0) continue
    const translated = new Translated()
    for (const { record, event, translation } of good) {
      translated.add({ source: record.source, value: { event } }, beforeOthers(translation), record.receivedAt)
    }
    const ids = good.map(({ record }) => record.id)
    tally.add(await forwarder.acceptTranslated(translated, { replacesRejections: ids }))
  }
  notes.sayRest()
}

/**
 * Of events of the same time, the last to arrive is the newest. This one is stored only now, but others may have arrived
 * after it: it must not win over them.
 */
function beforeOthers(translation: Translation): Translation {
  if (translation.kind !== 'event') return translation
  const { event } = translation
  return { ...translation, event: { ...event, eventTime: event.eventTime - 1 } }
}

/** Why it is still rejected, and whether only its beginning was kept. */
export function reasonOf({ complete }: RejectionRecord, translation: Translation): string {
  const reason = translation.kind === 'rejected' ? translation.reason : ''
  return complete ? reason : `${reason} (only its beginning was kept: forward it again from its source)`
}

function parse({ raw, reason, complete }: RejectionRecord): { event: unknown; reason: string | undefined } {
  if (!complete) return { event: undefined, reason }
  try {
    return { event: JSON.parse(raw), reason: undefined }
  } catch {
    return { event: undefined, reason }
  }
}
