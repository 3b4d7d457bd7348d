import type { RejectionRecord, Store } from '../store/store.js'
import { messageIdOf } from '../translate/message-id.js'
import { renderFields } from './fields.js'
import { formatCount } from './format-number.js'
import { printable } from './printable.js'
import { shortened } from './shortened.js'
import type { ShowContext, Shown } from './show.js'
import { formatWhen, toIso } from './when.js'

const CHUNK = 500

/** Shows a rejected message. Rejections are few and have no index by message, so all of them are read. */
export async function showRejected(store: Store, id: string, context: ShowContext): Promise<Shown | undefined> {
  const { times, last } = await find(store, id)
  if (last === undefined) return undefined
  const next = `when you have fixed the cause, translate it again with: ${context.hint('replay --rejected')}`
  const fields = renderFields([
    ['message', id],
    ['state', 'rejected'],
    ['reason', last.reason],
    ['source', last.source],
    ['arrived', formatWhen(last.receivedAt, context.now)],
    ['received', times > 1 ? `${formatCount(times)} times; this is the last` : undefined],
    ['next', next]
  ])
  const { reason, source, receivedAt, raw } = last
  return {
    page: `${fields}\n\nReceived\n  ${printable(shortened(raw))}`,
    document: {
      ...{ kind: 'rejection', messageId: id, state: 'rejected', reason, source, arrivedAt: toIso(receivedAt) },
      ...{ times, next, raw }
    }
  }
}

async function find(store: Store, id: string): Promise<{ times: number; last: RejectionRecord | undefined }> {
  let times = 0
  let last: RejectionRecord | undefined
  for (let after = 0; ;) {
    const records = await store.rejections(after, CHUNK)
    const end = records.at(-1)
    if (end === undefined) return { times, last }
    after = end.id
    for (const record of records) {
      if (messageOf(record) !== id) continue
      times++
      last = record
    }
  }
}

function messageOf({ raw, complete }: RejectionRecord): string | undefined {
  if (!complete) return undefined
  try {
    const event: unknown = JSON.parse(raw)
    return typeof event === 'object' && event !== null && !Array.isArray(event) ? messageIdOf({ ...event }) : undefined
  } catch {
    return undefined
  }
}
