import { ARRIVED, identify, translateOne } from './translate-one.js'

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
