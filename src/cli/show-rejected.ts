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
  const found = await find(store, id)
  const last = found.at(-1)
  if (last === undefined) return undefined
  const next = `when you have fixed the cause, translate it again with: ${context.hint('replay --rejected')}`
  const fields = renderFields([
    ['message', id],
    ['state', 'rejected'],
    ['reason', last.reason],
    ['source', last.source],
    ['arrived', formatWhen(last.receivedAt, context.now)],
    ['received', found.length > 1 ? `${formatCount(found.length)} times; this is the last` : undefined],
    ['next', next]
  ])
  const { reason, source, receivedAt, raw } = last
  return {
    page: `${fields}\n\nReceived\n  ${printable(shortened(raw))}`,
    document: {
      ...{ kind: 'rejection', messageId: id, state: 'rejected', reason, source, arrivedAt: toIso(receivedAt) },
      ...{ times: found.length, next, raw }
    }
  }
}

async function find(store: Store, id: string): Promise<RejectionRecord[]> {
  const found: RejectionRecord[] = []
  for (let after = 0; ;) {
    const records = await store.rejections(after, CHUNK)
    const last = records.at(-1)
    if (last === undefined) return found
    after = last.id
    found.push(...records.filter((record) => messageOf(record) === id))
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
