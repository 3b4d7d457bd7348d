/**
 * The programs that are compared. `runs` are processes one after the other, over the same store; `server` is what has to run
 * beside them.
 */
import { fileURLToPath } from 'node:url'
import { POSTGRES, REDIS } from './servers.mjs'

const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const program = (name) => fileURLToPath(new URL(`contestants/${name}.mjs`, import.meta.url))

const forward = ({ input, store, endpoint, apiKey, concurrency }, ...more) => [
  cli,
  'forward',
  input,
  ...['--store', store, '--endpoint', endpoint, '--api-key', apiKey, '--concurrency', String(concurrency)],
  ...['--json', ...more]
]

/**
 * Where things are, and how many calls may be made at a time. `address` is that of the contestant's own server.
 *
 * @typedef {{ input: string, store: string, endpoint: string, apiKey: string, concurrency: number, address?: string }} Where
 *
 * @typedef {{ title: string, args: string[] }} Run
 *
 * @typedef {{ title: string, runs: (where: Where) => Run[], server?: typeof REDIS | typeof POSTGRES }} Contestant
 */

/**
 * One process, which is told where things are.
 *
 * @param {(where: Partial<Where>) => string[]} more
 */
const one = (title, name, more = () => []) => ({
  title,
  runs: ({ input, endpoint, apiKey, ...where }) => [
    { title, args: [program(name), input, endpoint, apiKey, ...more(where)] }
  ]
})

/** A job queue with as many events in each job. */
const queue = (name, eventsAJob, place, server) => ({
  ...one(`${name}, ${eventsAJob === 1 ? 'a job an event' : `a job per ${eventsAJob} events`}`, name, (where) => [
    String(eventsAJob),
    where[place]
  ]),
  ...(server && { server })
})

/** What the others are compared with. */
export const YARDSTICK = 'straight-line'

export const CONTESTANTS = {
  forward: {
    title: 'dopt-destination forward',
    runs: (where) => [{ title: 'forward', args: forward(where) }]
  },
  'stored-first': {
    title: 'stored first, then sent',
    // `-` is standard input, which is empty here: what is sent is what the store holds.
    runs: (where) => [
      { title: 'forward --accept-only', args: forward(where, '--accept-only') },
      { title: 'forward, of what waits', args: forward({ ...where, input: '-' }) }
    ]
  },
  'straight-line': one('straight line', 'straight-line', ({ store }) => [store]),
  'straight-line-8': one('straight line, 8 calls at a time', 'straight-line', ({ store }) => [store, '8']),
  'no-store': one('no store (got)', 'no-store'),
  'one-by-one': one('one by one, no store', 'one-by-one'),
  'actions-core': one('actions-core alone, no store', 'actions-core'),
  plainjob: queue('plainjob', 1, 'store'),
  'plainjob-100': queue('plainjob', 100, 'store'),
  bullmq: queue('bullmq', 1, 'address', REDIS),
  'bullmq-100': queue('bullmq', 100, 'address', REDIS),
  'graphile-worker': queue('graphile-worker', 1, 'address', POSTGRES),
  'graphile-worker-100': queue('graphile-worker', 100, 'address', POSTGRES)
}
