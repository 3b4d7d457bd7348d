import nock from 'nock'
import { KEY, withClient } from './with-client.js'

const HOST = 'http://dopt.test'
const ACME = { identifier: 'acme', properties: '{"plan":"pro"}' }

beforeAll(() => nock.disableNetConnect())
afterEach(() => nock.cleanAll())
afterAll(() => nock.restore())

async function resultOf(status: number, body: nock.Body) {
  const call = { identifier: 'acme', properties: { plan: 'pro' } }
  const scope = nock(HOST, { reqheaders: { 'x-api-key': KEY } })
    .post('/identify/group', call)
    .reply(status, body)
  const result = await withClient({ api: 'batch' }, (client) => client.identifyGroup(ACME))
  expect(scope.isDone()).toBe(true)
  return result
}

describe('a call with a group', () => {
  it.each(['', '{}', 'OK'])('is delivered with any answer of success, such as %p', async (body) => {
    expect(await resultOf(200, body)).toMatchObject({ outcome: 'delivered', status: 200, code: undefined })
  })

  it('is not delivered where a proxy answers with a page', async () => {
    expect(await resultOf(200, '\n<html></html>')).toMatchObject({ outcome: 'retry', code: 'unexpected_answer' })
  })

  it("is refused in Dopt's words", async () => {
    expect(await resultOf(400, { code: 'invalid_request_error', details: 'no' })).toMatchObject({
      ...{ outcome: 'split', status: 400, code: 'invalid_request_error', message: 'no' }
    })
  })
})
