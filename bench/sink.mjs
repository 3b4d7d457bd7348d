/** What the contestants send to: the project's own sandbox, in a process of its own. Told by messages from `run.mjs`. */
import { startSandbox } from '../dist/sandbox/index.js'

const [apiKey, latencyMs, failRate = '0'] = process.argv.slice(2)
const sandbox = await startSandbox({ apiKey, latencyMs: Number(latencyMs), failRate: Number(failRate) })

process.on('message', (question) => {
  if (question === 'reset') sandbox.reset()
  process.send({ stats: sandbox.stats, users: question === 'users' ? [...sandbox.users] : [] })
})
process.on('disconnect', () => void sandbox.close())
process.send({ url: sandbox.url })
