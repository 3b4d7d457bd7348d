/**
 * The yardstick: the shortest straight-line program over the same libraries that stores every event durably and sends
 * users in bulk. One thing at a time, or CALLS calls at a time; no retries, no order by time, no replay, no books.
 *
 *     node bench/contestants/straight-line.mjs EVENTS.ndjson ENDPOINT API_KEY STORE.db [CALLS]
 */
import { createReadStream } from 'node:fs'
import { Agent } from 'node:http'
import { createInterface } from 'node:readline'
import got from 'got'
import { SqliteDatabase } from '../../dist/store/sqlite-driver.js'

const [input, endpoint, apiKey, file, calls = '1'] = process.argv.slice(2)
const EVENTS_A_CALL = 100

const db = new SqliteDatabase(file)
db.pragma('journal_mode = wal')
db.pragma('synchronous = full')
db.exec(`create table events (
  id integer primary key, message_id text not null unique, user_id text not null, properties text not null,
  sent integer not null default 0
)`)
db.exec('create index unsent on events (id) where sent = 0')

const insert = db.prepare('insert or ignore into events (message_id, user_id, properties) values (?, ?, ?)')
const store = db.transaction((events) => {
  for (const { messageId, userId, traits } of events) insert.run(messageId, userId, JSON.stringify(traits))
})
let waiting = []
for await (const line of createInterface({ input: createReadStream(input) })) {
  const event = JSON.parse(line)
  if (event.type === 'identify') waiting.push(event)
  if (waiting.length === 1000) {
    store(waiting)
    waiting = []
  }
}
store(waiting)

const select = db.prepare('select id, user_id as userId, properties from events where sent = 0 order by id limit ?')
const markSent = db.prepare('update events set sent = 1 where id = ?')
const settle = db.transaction((rows) => {
  for (const { id } of rows) markSent.run(id)
})
const agent = { http: new Agent({ keepAlive: true }) }
const next = () => select.all(Number(calls) * EVENTS_A_CALL)
for (let rows = next(); rows.length > 0; rows = next()) {
  const sending = []
  for (let at = 0; at < rows.length; at += EVENTS_A_CALL) sending.push(send(rows.slice(at, at + EVENTS_A_CALL)))
  await Promise.all(sending)
  settle(rows)
}
agent.http.destroy()
db.close()

function send(rows) {
  const users = new Map()
  for (const { userId, properties } of rows) {
    users.set(userId, { ...users.get(userId), ...JSON.parse(properties), __dopt_identifier: userId })
  }
  const json = [...users.values()]
  return got.post(`${endpoint}/identify/bulk`, { json, agent, headers: { 'x-api-key': apiKey }, retry: { limit: 0 } })
}
