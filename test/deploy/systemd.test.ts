import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../faults/until.js'
import { isInstalled, itUnless } from '../helpers/skipped.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { lackedForBooting, withSystemdMachine, type SystemdMachine } from './systemd-machine.js'

const UNIT = 'dopt-destination.service'
const SANDBOX_PORT = '8788'
const SETTINGS = {
  DOPT_API_KEY: 'key',
  DOPT_WRITE_KEY: 'w',
  DOPT_PORT: '8787',
  DOPT_ENDPOINT: `http://127.0.0.1:${SANDBOX_PORT}`
}

const whereSystemd = itUnless(isInstalled('systemd-analyze') ? undefined : 'there is no systemd-analyze here')
whereSystemd('the systemd unit says nothing that systemd does not understand', () =>
  withTempDir(async (dir) => {
    // The program is not installed here, and systemd looks whether it is there.
    const unit = readFileSync(join(__dirname, '../../deploy', UNIT), 'utf8')
    const file = join(dir, UNIT)
    writeFileSync(file, unit.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'))
    const said = execFileSync('bash', ['-c', 'systemd-analyze verify "$0" 2>&1', file], { encoding: 'utf8' })
    expect(said).toBe('')
  })
)

const whereBootable = itUnless(lackedForBooting())
whereBootable(
  'the systemd unit runs, confined; comes again after a kill or once the store is free, but not with a wrong configuration',
  () =>
    withTempDir((dir) =>
      withSystemdMachine(dir, SETTINGS, async (machine) => {
        machine.start('dopt-destination', 'sandbox', '--port', SANDBOX_PORT, '--api-key', SETTINGS.DOPT_API_KEY)
        await until(() => answers(machine, `${SETTINGS.DOPT_ENDPOINT}/__sandbox/stats`), 'the sandbox')
        await until(() => answers(machine, 'http://127.0.0.1:8787/readyz'), 'the service to be ready')

        await identify(machine, { messageId: 'm-1', userId: 'before', traits: { plan: 'pro' } })
        await until(() => isDelivered(machine, 'before'), 'what came before the kill')
        const first = await mainProcess(machine)
        const status = await machine.run('cat', `/proc/${first}/status`)
        expect(status).toMatch(/^CapEff:\s+0+$/m)
        expect(status).toMatch(/^NoNewPrivs:\s+1$/m)
        expect(status).toMatch(/^Seccomp:\s+2$/m)
        expect(status).not.toMatch(/^Uid:.*\b0\b/m)
        const files = await machine.run('stat', '--format=%U %a', '/var/lib/dopt-destination/dopt.db')
        expect(files).toBe('dopt-destination 600\n')

        await machine.run('sh', '-c', 'kill -KILL "$0"', first)
        await until(async () => !['', '0', first].includes(await mainProcess(machine)), 'it to be started again')
        await until(() => answers(machine, 'http://127.0.0.1:8787/readyz'), 'the service to be ready again')
        await identify(machine, { messageId: 'm-2', userId: 'after', traits: {} })
        await until(() => isDelivered(machine, 'after'), 'what came after the kill')

        await machine.run('systemctl', 'stop', UNIT)
        const asService = ['--reuid=dopt-destination', '--regid=dopt-destination', '--clear-groups', 'env']
        const store = 'DOPT_STORE=/var/lib/dopt-destination/dopt.db'
        const backfill = 'sleep 8 | DOPT_API_KEY=key dopt-destination forward -'
        machine.start('setpriv', ...asService, store, '/bin/sh', '-c', backfill)
        const isHeld = async (): Promise<boolean> =>
          (await machine.run('setpriv', ...asService, store, 'dopt-destination', 'status', '--json')).includes(
            '"alive": true'
          )
        await until(isHeld, 'the backfill to hold the store')
        await machine.run('systemctl', 'start', UNIT).catch(() => undefined)
        await until(async () => Number(await property(machine, 'NRestarts')) > 0, 'it to be tried again')
        await until(() => answers(machine, 'http://127.0.0.1:8787/readyz'), 'the service to be back after the backfill')

        machine.setEnvironment({ ...SETTINGS, DOPT_PORT: 'none' })
        await machine.run('systemctl', 'restart', UNIT)
        await until(async () => (await property(machine, 'ActiveState')) === 'failed', 'it to be given up')
        expect(await property(machine, 'ExecMainStatus')).toBe('2')
      })
    )
)

function property(machine: SystemdMachine, name: string): Promise<string> {
  return machine.run('systemctl', 'show', '--value', `--property=${name}`, UNIT).then((text) => text.trim())
}

function mainProcess(machine: SystemdMachine): Promise<string> {
  return property(machine, 'MainPID')
}

/** Whether something there answers with a 2xx. */
async function answers(machine: SystemdMachine, url: string): Promise<boolean> {
  const program = `fetch(process.argv[1]).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`
  return machine.run('node', '--eval', program, url).then(
    () => true,
    () => false
  )
}

async function identify(machine: SystemdMachine, event: object): Promise<void> {
  const program =
    `fetch('http://127.0.0.1:8787/v1/identify', { method: 'POST', body: process.argv[1], ` +
    `headers: { authorization: 'Basic ' + btoa('w:') } }).then(({ ok }) => process.exit(ok ? 0 : 1))`
  await machine.run('node', '--eval', program, JSON.stringify(event))
}

function isDelivered(machine: SystemdMachine, user: string): Promise<boolean> {
  return answers(machine, `${SETTINGS.DOPT_ENDPOINT}/__sandbox/users/${user}`)
}
