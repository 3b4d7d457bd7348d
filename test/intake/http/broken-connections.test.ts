import { until } from '../../faults/until.js'
import { exchange, open, readToEnd } from './raw-socket.js'
import { accepting, identify, withListeningIntake } from './with-intake.js'

/** As a disk that takes its time: what comes behind a request is there long before its answer. */
const slowly = accepting(async (events, forwarder) => {
  await new Promise((resolve) => setTimeout(resolve, 50))
  return forwarder.acceptSourced(events)
})

function request(body: object, path = '/v1/identify'): string {
  const text = JSON.stringify(body)
  return `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
}

const CHUNKED = 'POST /v1/batch HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n'

/** The statuses of the answers on a connection, in their order. */
function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status))
}

/** What the metrics have counted, of what is not zero. The counting follows the answer, a little later. */
async function counted(url: string, answers: number): Promise<string[]> {
  let lines: string[] = []
  await until(async () => {
    const text = await (await fetch(`${url}/metrics`)).text()
    lines = [...text.matchAll(/^dopt_http_((?:requests|refused)_total\{.*) ([1-9]\d*)$/gm)]
      .map(([, name, count]) => `${name} ${count}`)
      .filter((line) => !line.includes('route="/metrics"'))
    const requests = lines.filter((line) => line.startsWith('requests')).map((line) => Number(line.split(' ').at(-1)))
    return requests.reduce((sum, count) => sum + count, 0) >= answers
  }, 'the answers to be counted')
  return lines.sort()
}

describe('what is no HTTP request, behind requests that are', () => {
  it.each([
    ['garbage', 'hello\r\n\r\n', 400],
    ['a body that breaks in the middle', `${CHUNKED}5\r\n{"bat\r\nzz\r\n`, 400],
    ['endless headers', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n`, 431]
  ])('is answered after them, and they are told that they were taken: %s', async (_what, sent, status) => {
    await withListeningIntake({ wrap: slowly }, async ({ url }, forwarder) => {
      const answers = await exchange(url, `${request(identify())}${request(identify())}${sent}`)
      expect(statuses(answers)).toEqual([200, 200, status])
      expect((await forwarder.books()).intake.accepted).toBe(2)
    })
  })

  it('does not keep them from being refused for what they are', async () => {
    await withListeningIntake({ writeKeys: ['key'] }, async ({ url }) => {
      expect(statuses(await exchange(url, `${request(identify())}hello\r\n\r\n`))).toEqual([401, 400])
      expect(await counted(url, 2)).toEqual([
        'refused_total{code="bad_request"} 1',
        'refused_total{code="unauthorized"} 1',
        'requests_total{route="/v1/identify",status="401"} 1',
        'requests_total{route="none",status="400"} 1'
      ])
    })
  })
})

it('a request that its client ends in the middle is said to be cut off', async () => {
  await withListeningIntake({}, async ({ url }) => {
    const socket = await open(url)
    socket.end(`${CHUNKED}5\r\n{"bat`)
    const answer = await readToEnd(socket)
    expect(statuses(answer)).toEqual([400])
    expect(answer).toContain('{"code":"incomplete","message":"the request was cut off"}')
  })
})

describe('an answer is counted once', () => {
  it.each([
    ['to what is no HTTP', 'hello\r\n\r\n', 'bad_request', 400],
    ['to a body that breaks in the middle', `${CHUNKED}zz\r\n`, 'bad_request', 400],
    ['to half a request', `${CHUNKED}5\r\n{"bat`, 'incomplete', 408],
    [
      'to a path that cannot be read',
      'GET /%E0%A4%A HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
      'bad_request',
      400
    ]
  ])('%s', async (_what, sent, code, status) => {
    await withListeningIntake({ headersTimeoutMs: 30, requestTimeoutMs: 30 }, async ({ url }) => {
      expect(statuses(await exchange(url, sent))).toEqual([status])
      expect(await counted(url, 1)).toEqual([
        `refused_total{code="${code}"} 1`,
        `requests_total{route="none",status="${status}"} 1`
      ])
    })
  })
})
