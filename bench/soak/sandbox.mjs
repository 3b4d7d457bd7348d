/** What the soak sends to: the project's own sandbox, in a process of its own, which can fail on demand and remembers its users. */
import { startSandbox } from '../../dist/sandbox/index.js'

const [apiKey, latencyMs, failRate = '0'] = process.argv.slice(2)
const sandbox = await startSandbox({ apiKey, latencyMs: Number(latencyMs), failRate: Number(failRate) })

process.on('message', (question) => {
  if (question === 'reset') sandbox.reset()
  process.send({ stats: sandbox.stats, users: question === 'users' ? [...sandbox.users] : [] })
})
process.on('disconnect', () => void sandbox.close())
process.send({ url: sandbox.url })
