import { Agent } from 'node:http'
import got from 'got'

/** Calls Dopt with got, over connections that are kept. Fails at the first call that is not answered with a success. */
export function makeClient(endpoint, apiKey) {
  const agent = { http: new Agent({ keepAlive: true }) }
  const post = (path, json) =>
    got.post(`${endpoint}/identify/${path}`, { json, agent, headers: { 'x-api-key': apiKey }, retry: { limit: 0 } })
  return {
    postMany: (users) => post('bulk', users),
    postOne: ({ userId, traits }) => post(encodeURIComponent(userId), traits),
    close: () => agent.http.destroy()
  }
}
