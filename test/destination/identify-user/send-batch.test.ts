import { createRequestClient } from '@segment/actions-core'
import type { Payload } from '../../../src/destination/index.js'
import { sendBatch, type BatchOptions } from '../../../src/destination/identify-user/send-batch.js'
import { acceptAll, identifiersOf, SETTINGS, withServer } from '../helpers.js'

const users = (count: number): Payload[] =>
  Array.from({ length: count }, (_, index) => ({ identifier: `user-${index}` }))

const send = (endpoint: string, payload: Payload[], options: Partial<BatchOptions>, signal?: AbortSignal) =>
  sendBatch(
    createRequestClient(signal === undefined ? {} : { signal }),
    { payload, settings: { ...SETTINGS, endpoint }, ...(signal && { signal }) },
    options
  )

const repeat = (count: number, status: number) => Array.from({ length: count }, () => status)
const statuses = (response: Awaited<ReturnType<typeof sendBatch>>) =>
  response.getAllResponses().map((it) => it.value().status)

describe('sendBatch, within its limits', () => {
  test('begins no call when the time is over, and leaves what is undecided to Segment', async () => {
    await withServer(acceptAll, async (endpoint, requests) => {
      // The clock stands still until the first call has gone out.
      const now = () => requests.length * 9_000
      expect(statuses(await send(endpoint, users(150), { now }))).toEqual([...repeat(100, 200), ...repeat(50, 408)])
      expect(requests).toHaveLength(1)
    })
  })

  test('stops splitting when the time is over', async () => {
    await withServer(
      (response, request) => {
        if (identifiersOf(request.body).includes('user-0')) response.writeHead(400).end()
        else acceptAll(response, request)
      },
      async (endpoint, requests) => {
        // Time for three calls: all eight, the first four (refused both), the first two (refused).
        const now = () => requests.length * 2_900
        const result = await send(endpoint, users(8), { now })
        expect(requests.map(({ body }) => identifiersOf(body).length)).toEqual([8, 4, 2])
        expect(statuses(result)).toEqual(repeat(8, 408))
        expect(result.getResponseAtIndex(0).value()).toMatchObject({ errortype: 'REQUEST_TIMEOUT' })
      }
    )
  })

  test.each<[string, Parameters<typeof withServer>[0]]>([
    ['that does not come', () => undefined],
    ['that never ends', (response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{"count"')]
  ])('gives up an answer %s', async (_what, answer) => {
    await withServer(answer, async (endpoint) => {
      const result = await send(endpoint, users(2), { timeLimitMs: 80, minCallTimeMs: 10 })
      expect(statuses(result)).toEqual([408, 408])
      expect(result.getResponseAtIndex(0).value()).toMatchObject({
        errormessage: expect.stringContaining('no answer in time') as string
      })
    })
  })

  test('lets Segment retry when the connection is dropped', async () => {
    await withServer(
      (response) => response.destroy(),
      async (endpoint) => {
        expect(statuses(await send(endpoint, users(2), {}))).toEqual([503, 503])
      }
    )
  })

  test('ends when Segment aborts in the middle of a call', async () => {
    const controller = new AbortController()
    await withServer(
      () => controller.abort(),
      async (endpoint, requests) => {
        const result = await send(endpoint, users(150), {}, controller.signal)
        expect(statuses(result)).toEqual(repeat(150, 408))
        expect(result.getResponseAtIndex(149).value()).not.toHaveProperty('sent')
        expect(requests).toHaveLength(1)
      }
    )
  })

  test('takes an answer that Segment aborts for undecided', async () => {
    const controller = new AbortController()
    await withServer(
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).write('{"count"')
        setTimeout(() => controller.abort(), 20)
      },
      async (endpoint) => {
        expect(statuses(await send(endpoint, users(2), { timeLimitMs: 600 }, controller.signal))).toEqual([408, 408])
      }
    )
  })

  test('puts at most maxBodyBytes into a call, and refuses a user that is larger without one', async () => {
    await withServer(acceptAll, async (endpoint, requests) => {
      const payload = [40, 40, 200, 40].map((length, index) => ({
        identifier: `user-${index}`,
        properties: { note: 'ü'.repeat(length) }
      }))
      const result = await send(endpoint, payload, { maxBodyBytes: 300 })
      expect(statuses(result)).toEqual([200, 200, 400, 200])
      expect(result.getResponseAtIndex(2).value()).toMatchObject({
        errormessage: expect.stringContaining('larger than the 300 bytes') as string
      })
      expect(requests.map(({ body }) => identifiersOf(body))).toEqual([['user-0', 'user-1'], ['user-3']])
    })
  })
})
