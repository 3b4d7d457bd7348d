/** The programs that are compared. Each is a list of runs, one after the other, over the same store. */
import { fileURLToPath } from 'node:url'

const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const straightLine = fileURLToPath(new URL('straight-line.mjs', import.meta.url))

const forward = ({ input, store, endpoint, apiKey }, ...more) => [
  cli,
  'forward',
  input,
  ...['--store', store, '--endpoint', endpoint, '--api-key', apiKey, '--json', ...more]
]

export const CONTESTANTS = {
  forward: {
    title: 'forward',
    runs: (where) => [{ title: 'forward', args: forward(where) }]
  },
  'straight-line': {
    title: 'straight line',
    runs: ({ input, store, endpoint, apiKey }) => [
      { title: 'straight line', args: [straightLine, input, store, endpoint, apiKey] }
    ]
  },
  'stored-first': {
    title: 'stored first, then sent',
    // `-` is standard input, which is empty here: what is sent is what the store holds.
    runs: (where) => [
      { title: 'forward --accept-only', args: forward(where, '--accept-only') },
      { title: 'forward, of what waits', args: forward({ ...where, input: '-' }) }
    ]
  }
}
