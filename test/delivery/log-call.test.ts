import { logEndpoint } from '../../src/delivery/log-call.js'
import { users, withSender } from '../helpers/with-sender.js'
import { silentLogger, type Logger } from '../../src/delivery/logger.js'

function collect(): { logger: Logger; entries: unknown[] } {
  const entries: unknown[] = []
  const as = (level: string) => (fields: object, message: string) => void entries.push([level, fields, message])
  return { logger: { ...silentLogger, info: as('info'), warn: as('warn') }, entries }
}

describe('the log of the endpoint’s state', () => {
  test('says why it changed, and what becomes of the events', () => {
    const { logger, entries } = collect()
    logEndpoint(logger, 'key-refused', { status: 401, code: 'unauthorized_error' })
    logEndpoint(logger, 'backing-off', { status: undefined, code: 'network_error' })
    logEndpoint(logger, 'ok', { status: 503, code: undefined })
    expect(entries).toEqual([
      [
        'warn',
        { endpoint: 'key-refused', status: 401, code: 'unauthorized_error' },
        expect.stringMatching(/^endpoint is key-refused: events are kept, and sent when it accepts the key; /)
      ],
      ['warn', expect.objectContaining({ code: 'network_error' }), expect.stringMatching(/^endpoint is backing-off: /)],
      ['info', { endpoint: 'ok' }, 'endpoint is ok']
    ])
  })

  test('does not repeat a text that Dopt gives in place of a code', async () => {
    await withSender({}, async ({ sender, accept, dopt }) => {
      dopt.answer = () => ({ outcome: 'pause', status: 403, code: 'ada@example.com is blocked', message: 'ada' })
      await accept(...users(1))
      await sender.start()
      await sender.drain()
      expect(sender.health.trouble).toEqual({ status: 403, code: '(not a code)' })
    })
  })
})
