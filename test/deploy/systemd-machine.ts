import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { until } from '../faults/until.js'
import { isInstalled } from '../helpers/skipped.js'

const ROOT = join(__dirname, '../..')
const UNIT = 'dopt-destination.service'
const ENVIRONMENT = 'etc/dopt-destination.env'
const PACKAGE = 'lib/node_modules/dopt-destination'
/** Of no user that Debian knows. */
const USER_ID = 7391

/** A machine that systemd has booted, with the program installed as docs/operations.md says and its unit started. */
export interface SystemdMachine {
  /** Runs a program in it and resolves to what it prints. Rejects when that ends with another code than 0. */
  run(program: string, ...args: string[]): Promise<string>
  /** Starts a program in its network that is to run on, and ends with it. */
  start(program: string, ...args: string[]): void
  /** Changes `/etc/dopt-destination.env`; takes effect with the next start of the service. */
  setEnvironment(settings: Readonly<Record<string, string>>): void
}

/** What is missing for a machine to be booted here; undefined when nothing is. */
export function lackedForBooting(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'only root on Linux can boot systemd in a container'
  if (!isInstalled('systemd-nspawn')) return "there is no systemd-nspawn here (Debian's systemd-container)"
  try {
    execFileSync('systemd-nspawn', [...CONTAINER, ...bootInto('poweroff.target')], { stdio: 'ignore', timeout: 20_000 })
    return undefined
  } catch {
    return 'systemd does not boot in a container here'
  }
}

/** This machine's /usr over an empty disk in memory, and a network that reaches nothing outside. */
const CONTAINER = [
  ...['--quiet', '--register=no', '--keep-unit', '--private-network', '--directory=/', '--volatile=yes'],
  ...['--link-journal=no', '--resolv-conf=off']
]

function bootInto(unit: string): string[] {
  return ['--boot', '--', `systemd.unit=${unit}`, 'systemd.firstboot=off']
}

/** Boots the machine for as long as `use` takes, with its files in `dir`. */
export async function withSystemdMachine(
  dir: string,
  settings: Readonly<Record<string, string>>,
  use: (machine: SystemdMachine) => Promise<void>
): Promise<void> {
  const binds = install(dir, settings)
  const args = Object.entries(binds).map(([inside, outside]) => `--bind-ro=${outside}:${inside}`)
  const container = spawn('systemd-nspawn', [...CONTAINER, ...args, ...bootInto(UNIT)], { stdio: 'ignore' })
  const ended = once(container, 'exit')
  const started: ReturnType<typeof spawn>[] = []
  try {
    const enter = ['--target', await initOf(container.pid), '--all']
    await use({
      async run(program, ...programArgs) {
        const { stdout } = await promisify(execFile)('nsenter', [...enter, program, ...programArgs])
        return stdout
      },
      start: (program, ...programArgs) => {
        started.push(spawn('nsenter', [...enter, program, ...programArgs], { stdio: 'ignore' }))
      },
      setEnvironment: (changed) => writeEnvironment(dir, changed)
    })
  } finally {
    for (const child of started) child.kill('SIGKILL')
    container.kill('SIGKILL')
    await ended
  }
}

/** Lays out what the machine is to have; returns where it has it, and where it is here. */
function install(dir: string, settings: Readonly<Record<string, string>>): Record<string, string> {
  const [local, etc] = [join(dir, 'local'), join(dir, 'etc')]
  mkdirSync(etc)
  mkdirSync(join(local, 'bin'), { recursive: true })
  mkdirSync(join(local, PACKAGE, 'node_modules'), { recursive: true })
  for (const part of ['dist', 'sql', 'package.json']) {
    cpSync(join(ROOT, part), join(local, PACKAGE, part), { recursive: true })
  }
  symlinkSync(`../${PACKAGE}/dist/cli/main.js`, join(local, 'bin/dopt-destination'))
  writeFileSync(join(local, 'bin/node'), '')
  // Whoever runs the service there has to get at it, and the folder above is for its owner alone.
  for (const folder of [dir, local]) chmodSync(folder, 0o755)

  const user = `dopt-destination:x:${USER_ID}:`
  writeFileSync(join(etc, 'passwd'), `root:x:0:0::/root:/bin/sh\n${user}${USER_ID}::/:/usr/sbin/nologin\n`)
  writeFileSync(join(etc, 'group'), `root:x:0:\n${user}\n`)
  // With one, the machine does not take this for its first start, in which it would start all that is installed.
  writeFileSync(join(etc, 'machine-id'), `${'0123456789abcdef'.repeat(2)}\n`)
  writeEnvironment(dir, settings)
  return {
    ...Object.fromEntries(['passwd', 'group', 'machine-id'].map((name) => [`/etc/${name}`, join(etc, name)])),
    [`/${ENVIRONMENT}`]: join(dir, ENVIRONMENT),
    [`/etc/systemd/system/${UNIT}`]: join(ROOT, 'deploy', UNIT),
    '/usr/local': local,
    '/usr/local/bin/node': process.execPath,
    [`/usr/local/${PACKAGE}/node_modules`]: join(ROOT, 'node_modules')
  }
}

function writeEnvironment(dir: string, settings: Readonly<Record<string, string>>): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(join(dir, ENVIRONMENT), lines.join(''), { mode: 0o600 })
}

/** The machine's own process 1, as this machine counts it: through it the machine can be entered. */
async function initOf(pid: number | undefined): Promise<string> {
  let init: string | undefined
  await until(() => {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    init = children.find(isSystemd)
    return init !== undefined
  }, 'the container to boot')
  return String(init)
}

/** Whether it is systemd by now, and so has namespaces of its own: before that, it would be this machine that is entered. */
function isSystemd(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8') === 'systemd\n'
  } catch {
    return false
  }
}
