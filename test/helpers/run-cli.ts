import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** The compiled program, as npm installs it: `npm test` builds it first. */
export const CLI = join(__dirname, '../../dist/cli/main.js')

/** Less than a test may take, so that it fails with words. */
const SAYS_WITHIN_MS = 20_000

export interface CliOptions {
  /** An empty folder as a rule, so that no configuration file takes part. */
  cwd: string
  /** Nothing else of our own environment gets through, so that nobody's key or store does. */
  env?: Record<string, string>
  /** Standard input; empty by default. */
  input?: string | Buffer
  /** Leave standard input open, as a pipe is whose writer goes on. */
  holdInput?: boolean
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** A command that runs; `end` resolves when it is gone and all that it wrote has come. */
export interface RunningCli {
  readonly pid: number
  /** What it has written so far. */
  readonly stdout: string
  readonly stderr: string
  kill(signal: NodeJS.Signals): void
  /** Resolves when standard output or standard error matches; rejects when the command ends without, or takes too long. */
  says(pattern: RegExp): Promise<void>
  readonly end: Promise<Ended>
}

export function startCli(
  args: readonly string[],
  { cwd, env = {}, input = '', holdInput = false }: CliOptions
): RunningCli {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env: { PATH: process.env['PATH'] ?? '', ...env } })
  // A command may end without having read what it was given.
  child.stdin.on('error', () => undefined)
  child.stdin.write(input)
  if (!holdInput) child.stdin.end()
  let stdout = ''
  let stderr = ''
  const listeners = new Set<() => void>()
  const tell = (): void => listeners.forEach((listener) => listener())
  child.stdout.setEncoding('utf8').on('data', (text: string) => ((stdout += text), tell()))
  child.stderr.setEncoding('utf8').on('data', (text: string) => ((stderr += text), tell()))
  const end = once(child, 'close').then(() => {
    const ended = { code: child.exitCode, signal: child.signalCode, stdout, stderr }
    tell()
    return ended
  })
  return {
    pid: child.pid ?? 0,
    get stdout() {
      return stdout
    },
    get stderr() {
      return stderr
    },
    kill: (signal) => void child.kill(signal),
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const done = (): void => {
          listeners.delete(look)
          clearTimeout(timer)
        }
        const fail = (how: string): void => {
          done()
          reject(new Error(`it ${how} without saying ${String(pattern)}\n${stdout}\n${stderr}`))
        }
        const look = (): void => {
          if (pattern.test(stdout) || pattern.test(stderr)) {
            done()
            resolve()
          } else if (child.exitCode !== null || child.signalCode !== null) fail('ended')
        }
        const timer = setTimeout(() => fail(`ran for ${SAYS_WITHIN_MS / 1000} s`), SAYS_WITHIN_MS)
        listeners.add(look)
        look()
      }),
    end
  }
}

/** Runs a command to its end. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<Ended> {
  return startCli(args, options).end
}
