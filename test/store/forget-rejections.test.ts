import { withSender } from '../helpers/with-sender.js'

/** What of these rejected inputs is left after the subject has been forgotten. */
async function leftOf(raws: string[], identifier: string, subject: 'user' | 'group' = 'user'): Promise<string[]> {
  let left: string[] = []
  await withSender({}, async ({ store }) => {
    const rejections = raws.map((raw, index) => ({
      source: `x:${index}`,
      reason: 'no',
      raw,
      complete: true,
      receivedAt: 1
    }))
    await store.accept({ events: [], rejections, ignored: {} })
    const { rejections: removed } = await store.forget(identifier, subject)
    const kept = await store.rejections(0, 99)
    expect(removed).toBe(raws.length - kept.length)
    left = kept.map(({ raw }) => raw)
  })
  return left
}

describe('forgetting removes rejected input', () => {
  test.each([
    ['of the user', '{"userId":"ada-4711","traits":[]}'],
    ['of the user before they had an id', '{"anonymousId":"ada-4711","traits":[]}'],
    ['that names the user anywhere', '{"userId":"bob","traits":"x","context":{"by":"ada-4711"}}'],
    ['that is no JSON, and holds the id without quotes', '4711;ada-4711;pro'],
    ['that is no JSON, and holds the id', '{"userId":"ada-4711","traits":{']
  ])('%s', async (_name, raw) => {
    expect(await leftOf([raw, '{"userId":"bob","traits":[]}'], 'ada-4711')).toEqual(['{"userId":"bob","traits":[]}'])
  })

  test.each(['userId', 'anonymousId'])('with the id as a number, in %s', async (name) => {
    expect(await leftOf([`{"${name}":4711,"traits":[]}`, '{"userId":47110,"traits":[]}'], '4711')).toEqual([
      '{"userId":47110,"traits":[]}'
    ])
  })

  test('with the id as a number that JSON rounds, but not with another id as text', async () => {
    const raws = ['{"userId":12345678901234567000,"traits":[]}', '{"userId":"12345678901234567000","traits":[]}']
    expect(await leftOf(raws, '12345678901234567891')).toEqual(raws.slice(1))
    expect(await leftOf(raws, '12345678901234567000')).toEqual([])
    expect(await leftOf(['{"userId":-12345678901234567000}'], '-12345678901234567890')).toEqual([])
  })

  test('of a group, and not of a user of that name', async () => {
    const raws = ['{"groupId":4711,"traits":[]}', '{"userId":4711,"traits":[]}']
    expect(await leftOf(raws, '4711', 'group')).toEqual(raws.slice(1))
    expect(await leftOf(raws, '4711', 'user')).toEqual(raws.slice(0, 1))
  })

  test('but not what holds an id that is too short to tell anything, among other letters', async () => {
    const raws = ['{"userId":"bob","traits":{', '{"userId":"bob","traits":[]}']
    expect(await leftOf(raws, 'bo')).toEqual(raws)
  })
})
