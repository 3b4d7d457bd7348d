import { config, errorDetail } from './common-options.js'
import type { Config } from './config.js'
import type { Command, CommandContext } from './command.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { Interrupt } from './interrupt.js'
import { aborted, explainListening } from './listening.js'
import { flag, share, text, texts, whole, type Setting } from './setting.js'

const DEFAULT_PORT = 8788
const DEFAULT_KEY = 'sandbox-key'

// Flags only: the environment and the config file have the real key and address.
const port = whole(
  {
    key: 'port',
    flag: '--port <port>',
    help: 'port to listen on; 0 takes any free one',
    defaultText: '8788',
    inFile: false
  },
  0,
  65_535
)
const host = text({
  key: 'host',
  flag: '--host <address>',
  help: 'address to listen on',
  defaultText: '127.0.0.1',
  inFile: false
})
const apiKey: Setting<string> = {
  ...text({
    key: 'apiKey',
    flag: '--api-key <key>',
    help: 'key that callers must send; any string',
    defaultText: DEFAULT_KEY,
    inFile: false
  }),
  secret: true
}
const latency = whole(
  { key: 'latency', flag: '--latency <ms>', help: 'delay every answer by this long', inFile: false },
  0,
  2 ** 31 - 1
)
const failRate = share({
  key: 'failRate',
  flag: '--fail-rate <share>',
  help: 'share of calls that fail, 0 to 1',
  inFile: false
})
const failStatus = whole(
  {
    key: 'failStatus',
    flag: '--fail-status <status>',
    help: 'status of failed calls',
    defaultText: '500',
    inFile: false
  },
  300,
  599
)
const retryAfter = whole(
  { key: 'retryAfter', flag: '--retry-after <seconds>', help: 'send Retry-After with failed calls', inFile: false },
  0,
  Number.MAX_SAFE_INTEGER
)
const rejectUser = texts({
  key: 'rejectUser',
  flag: '--reject-user <id>',
  help: 'answer 400 to any call that contains this user',
  inFile: false
})
const rejectGroup = texts({
  key: 'rejectGroup',
  flag: '--reject-group <id>',
  help: 'answer 400 to any call that contains this group',
  inFile: false
})
const strictProperties = flag('strictProperties', '--strict-properties', 'answer 400 to calls with nested values')

export const sandbox: Command = {
  name: 'sandbox',
  summary: "run a local stand-in for Dopt's users API",
  description: `Runs a local stand-in for Dopt's users API, which keeps what it is sent in memory. It prints one line
when it accepts connections, and runs until it is interrupted (exit code 130) or terminated (exit code 0).

GET /__sandbox/users, /__sandbox/users/{id}, /__sandbox/groups, /__sandbox/groups/{id}, /__sandbox/memberships,
/__sandbox/requests and /__sandbox/stats show its state;
POST /__sandbox/faults sets faults, POST /__sandbox/reset resets everything.`,
  settings: [port, host, apiKey, latency, failRate, failStatus, retryAfter, rejectUser, rejectGroup, strictProperties],
  common: [config, errorDetail],
  examples: `  $ dopt-destination sandbox
  $ dopt-destination sandbox --latency 80 --fail-rate 0.1 --fail-status 503 --reject-user user-13`,
  run
}

async function run({ output, loadConfig }: CommandContext): Promise<ExitCode> {
  const settings = loadConfig()
  const options = sandboxOptions(settings)
  if (options.failRate === undefined && (options.failStatus ?? options.retryAfterS) !== undefined) {
    output.note('no calls will fail: --fail-status and --retry-after have no effect without --fail-rate')
  }
  const { startSandbox } = await import('../sandbox/index.js')
  const interrupt = new Interrupt()
  try {
    const running = await startSandbox(options)
    try {
      // A key that was given may be a real one: it is not printed.
      const key = options.apiKey === DEFAULT_KEY ? DEFAULT_KEY : 'as given'
      output.print(`sandbox listening on ${running.url}, key ${key}`)
      await aborted(interrupt.signal)
    } finally {
      await running.close()
    }
    return interrupt.received === 'SIGTERM' ? EXIT.done : EXIT.interrupted
  } catch (error) {
    throw explainListening(error, options)
  } finally {
    interrupt.dispose()
  }
}

function sandboxOptions(from: Config) {
  const optional = {
    latencyMs: from.get(latency),
    failRate: from.get(failRate),
    failStatus: from.get(failStatus),
    retryAfterS: from.get(retryAfter),
    rejectUsers: from.get(rejectUser),
    rejectGroups: from.get(rejectGroup),
    strictProperties: from.get(strictProperties),
    host: from.get(host)
  }
  return {
    port: from.get(port) ?? DEFAULT_PORT,
    apiKey: from.get(apiKey) ?? DEFAULT_KEY,
    ...withoutUndefined(optional)
  }
}

function withoutUndefined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const present: { [K in keyof T]?: Exclude<T[K], undefined> } = {}
  return Object.assign(present, Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)))
}
