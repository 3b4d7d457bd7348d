import fc from 'fast-check'
import { someText, withSandbox } from './with-sandbox.js'

/** Encoded as the documentation asks: the whole identifier, reserved characters included. */
const pathOf = (identifier: string): string => `/identify/${encodeURIComponent(identifier)}`

describe('POST /identify/{identifier}', () => {
  it('creates the user of the path and overwrites the properties that the body names', async () => {
    await withSandbox({}, async (sandbox, { post }) => {
      const answer = await post('/identify/ann', { name: 'Ann', plan: 'free' })
      await post('/identify/ann', { plan: 'pro' })

      expect(answer).toMatchObject({ status: 200, text: '{}' })
      expect(Object.fromEntries(sandbox.users)).toEqual({ ann: { name: 'Ann', plan: 'pro' } })
    })
  })

  it.each([
    ['every reserved character', 'a/b?c#d%&=+;:@,$ e'],
    ['dots alone', '..'],
    ['an escape that was escaped', '%41%2F'],
    ['emoji and combining marks', '👩‍👩‍👧 e\u0301 الاسم 漢字'],
    ['2,000 characters', 'x'.repeat(2000)],
    ['500 characters of four bytes', '🎉'.repeat(500)]
  ])('decodes the identifier once: %s', async (_what, identifier) => {
    await withSandbox({}, async (sandbox, { post }) => {
      const answer = await post(pathOf(identifier), { seen: true })

      expect(answer.status).toBe(200)
      expect([...sandbox.users]).toEqual([[identifier, { seen: true }]])
    })
  })

  it('is reached by any encoded identifier but the names of the other endpoints', async () => {
    const others = ['bulk', 'batch', 'group', 'segment']
    const identifier = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    await withSandbox({}, async (sandbox, { post }) => {
      await fc.assert(
        fc.asyncProperty(
          identifier.filter((id) => !others.includes(id)),
          async (id) => {
            sandbox.reset()
            await post(pathOf(id), { seen: true })
            expect([...sandbox.users.keys()]).toEqual([id])
          }
        ),
        { numRuns: 200 }
      )
    })
  })

  it.each(['bulk', 'batch', 'group', 'segment'])('never takes the endpoint %s for a user', async (name) => {
    await withSandbox({}, async (sandbox, { post }) => {
      expect((await post(pathOf(name), { name: 'Ann' })).status).toBeGreaterThanOrEqual(400)
      expect(sandbox.users.size).toBe(0)
    })
  })

  it.each([
    ['an array', '/identify/ann', []],
    ['null', '/identify/ann', 'null'],
    ['a string', '/identify/ann', '"text"'],
    ['a body that is not JSON', '/identify/ann', '{'],
    ['an empty identifier', '/identify/', { name: 'Ann' }],
    ['a path that cannot be decoded', '/identify/%E0%A4%A', { name: 'Ann' }]
  ])('refuses %s with 400', async (_what, path, body) => {
    await withSandbox({}, async (sandbox, { post }) => {
      const answer = await post(path, body)

      expect(answer.status).toBe(400)
      expect(answer.body).toEqual({ code: 'invalid_request_error', details: someText })
      expect(sandbox.users.size).toBe(0)
      expect(sandbox.stats).toMatchObject({ calls: 1, byStatus: { 400: 1 } })
    })
  })
})
