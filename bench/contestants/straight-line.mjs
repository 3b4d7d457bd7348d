/**
 * The yardstick: the shortest straight-line program over the same libraries that stores every event durably and sends
 * users in bulk. One thing at a time; no retries, no order by time, no replay, no books.
 *
 *     node bench/contestants/straight-line.mjs EVENTS.ndjson ENDPOINT API_KEY STORE.db
 */
import { createReadStream } from 'node:fs'
import { Agent } from 'node:http'
import { createInterface } from 'node:readline'
import got from 'got'
import { SqliteDatabase } from '../../dist/store/sqlite-driver.js'

const [input, endpoint, apiKey, file] = process.argv.slice(2)

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

const select = db.prepare('select id, user_id as userId, properties from events where sent = 0 order by id limit 100')
const markSent = db.prepare('update events set sent = 1 where id = ?')
const settle = db.transaction((rows) => {
  for (const { id } of rows) markSent.run(id)
})
const agent = { http: new Agent({ keepAlive: true }) }
for (let rows = select.all(); rows.length > 0; rows = select.all()) {
  const users = new Map()
  for (const { userId, properties } of rows) {
    users.set(userId, { ...users.get(userId), ...JSON.parse(properties), __dopt_identifier: userId })
  }
  const json = [...users.values()]
  await got.post(`${endpoint}/identify/bulk`, { json, agent, headers: { 'x-api-key': apiKey }, retry: { limit: 0 } })
  settle(rows)
}
agent.http.destroy()
db.close()
