import { parseSubscriptions } from '../../src/translate/subscriptions.js'
import type { Translation } from '../../src/translate/translation.js'
import { Translator } from '../../src/translate/translator.js'
import { ARRIVED, identify, translateOne, type Event } from './translate-one.js'

describe('a mapping without a time', () => {
  const mapping = { identifier: { '@path': '$.userId' }, properties: { '@path': '$.traits' } }
  const subscription = { name: 'All', subscribe: 'type = "identify"', partnerAction: 'identifyUser', mapping }
  const times = async (given: object, ...events: Event[]): Promise<Translation[]> => {
    const subscriptions = parseSubscriptions([{ ...subscription, mapping: { ...mapping, ...given } }], 'bulk')
    return new Translator({ nestedProperties: 'flatten', subscriptions }).translate(events, ARRIVED)
  }
  const at = (time: string) => ({ kind: 'event', event: { eventTime: Date.parse(time) } })

  it('leaves an event as old as its timestamp says', async () => {
    const [old, recent] = ['2024-01-01T00:00:00.000Z', '2024-06-01T00:00:00.000Z']
    for (const given of [{}, { timestamp: { '@path': '$.context.when' } }]) {
      const translations = await times(
        given,
        identify({ timestamp: old }),
        identify({ timestamp: recent, originalTimestamp: recent }),
        identify({ timestamp: new Date(old) })
      )
      expect(translations).toMatchObject([at(old), at(recent), at(old)])
      for (const translation of translations) expect(translation).not.toHaveProperty('isUntimed')
    }
  })

  it('does not overrule one that has it', async () => {
    const event = identify({ timestamp: '2024-06-01T00:00:00Z', context: { when: '2024-01-01T00:00:00Z' } })
    const [translation] = await times({ timestamp: { '@path': '$.context.when' } }, event)
    expect(translation).toMatchObject(at('2024-01-01T00:00:00Z'))
  })
})

describe('an event without a usable timestamp', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['when it was received', { receivedAt: '2026-01-02T00:00:00Z' }, '2026-01-02T00:00:00Z'],
    [
      'what the client says',
      {
        originalTimestamp: '2020-01-01T00:00:00Z',
        sentAt: '2020-01-01T00:00:10Z',
        receivedAt: '2026-01-02T00:00:00Z'
      },
      '2026-01-01T23:59:50Z'
    ],
    ['the only time it has', { originalTimestamp: '2026-01-01T00:00:00Z' }, '2026-01-01T00:00:00Z'],
    ['no future', { receivedAt: '2100-01-01T00:00:00Z' }, new Date(ARRIVED).toISOString()]
  ])('happened at %s', async (_, times, at) => {
    for (const timestamp of [undefined, '', 'yesterday']) {
      const translation = await translateOne(identify({ timestamp, ...times }))
      expect(translation).toMatchObject({ kind: 'event', event: { eventTime: Date.parse(at) } })
      expect(translation).not.toHaveProperty('isUntimed')
    }
  })

  it('says so of a timestamp that is no time, if nothing else tells one', async () => {
    for (const timestamp of ['yesterday', 0, {}, true]) {
      const translation = await translateOne(identify({ timestamp }))
      expect(translation).toMatchObject({ isUntimed: true, event: { eventTime: ARRIVED } })
    }
    for (const timestamp of [undefined, null, '', '2100-01-01', '2026-01-01']) {
      expect(await translateOne(identify({ timestamp }))).not.toHaveProperty('isUntimed')
    }
  })
})
