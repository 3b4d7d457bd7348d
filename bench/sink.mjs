/**
 * What the contestants send to, in a process of its own: parses every body, counts calls and users, and marks which events
 * have arrived. Much less work than the sandbox, so that the figures are those of the contestants. Started and asked by
 * `start-sink.mjs`.
 */
import { createServer } from 'node:http'
import { BitSet } from './bit-set.mjs'
import { isMark } from './generate.mjs'

const [apiKey, latency] = process.argv.slice(2)
const latencyMs = Number(latency)
let books = newBooks()

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const [status, answer] = take(request, Buffer.concat(chunks))
    const send = () => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer))
    }
    if (latencyMs > 0) setTimeout(send, latencyMs)
    else send()
  })
})
// A contestant may be busy with something else for longer than the five seconds after which Node hangs up.
server.keepAliveTimeout = 600_000

/**
 * Takes what Dopt's users API takes, of many users or of one; returns `[status, body of the answer]`.
 *
 * @param {import('node:http').IncomingMessage} request
 * @returns {[number, object]}
 */
function take({ method, url, headers }, body) {
  books.calls++
  if (method !== 'POST' || !url.startsWith('/identify/')) return [404, { message: 'no such endpoint' }]
  if (headers['x-api-key'] !== apiKey) return [401, { message: 'another key' }]
  const parsed = JSON.parse(body)
  if (url !== '/identify/bulk') {
    takeUser(parsed)
    return [200, {}]
  }
  parsed.forEach(takeUser)
  return [200, { count: parsed.length }]
}

function takeUser(properties) {
  books.users++
  for (const name in properties) if (isMark(name)) books.marks.add(properties[name])
}

function newBooks() {
  return { calls: 0, users: 0, marks: new BitSet() }
}

process.on('message', (question) => {
  if (question === 'reset') books = newBooks()
  const { calls, users, marks } = books
  process.send({ calls, users, arrived: marks.size })
})
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  process.send({ url: `http://127.0.0.1:${port}` })
})
