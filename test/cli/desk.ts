import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SqliteStore } from '../../src/store/sqlite-store.js'
import type { Books } from '../../src/store/store.js'
import type { Sandbox, SandboxOptions } from '../../src/sandbox/index.js'
import { runCli, startCli, type CliOptions, type Ended, type RunningCli } from '../helpers/run-cli.js'
import { withTempDir } from '../helpers/temp-dir.js'
import { withSandbox } from '../sandbox/with-sandbox.js'

export const STORE = 'dopt-destination.db'

export interface Run extends Ended {
  /** Standard output, which must be one JSON document. */
  json: () => Record<string, unknown>
  /** The lines of standard error. */
  errors: () => string[]
}

export type CommandOptions = Omit<CliOptions, 'cwd'>

/** An empty folder to work in, and a sandbox, whose address is in the environment. */
export interface Desk {
  readonly dir: string
  readonly sandbox: Sandbox
  readonly env: Record<string, string>
  path: (name: string) => string
  write: (name: string, content: string | Buffer) => string
  run: (args: readonly string[], more?: CommandOptions) => Promise<Run>
  start: (args: readonly string[], more?: CommandOptions) => RunningCli
  /** The store's counts and state, read without the command line. */
  books: (store?: string) => Promise<Books>
}

/** Runs `use` with a new desk, and stops every command that was started there. */
export async function withDesk(use: (desk: Desk) => Promise<void>, options: SandboxOptions = {}): Promise<void> {
  await withTempDir((dir) =>
    withSandbox(options, async (sandbox) => {
      const env = { DOPT_ENDPOINT: sandbox.url, DOPT_API_KEY: options.apiKey ?? 'sandbox-key' }
      const started: RunningCli[] = []
      const path = (name: string): string => join(dir, name)
      try {
        await use({
          ...{ dir, sandbox, env, path },
          write: (name, content) => {
            writeFileSync(path(name), content)
            return name
          },
          run: async (args, more = {}) =>
            toRun(await runCli(args, { ...more, cwd: dir, env: { ...env, ...more.env } })),
          start: (args, more = {}) => {
            const running = startCli(args, { ...more, cwd: dir, env: { ...env, ...more.env } })
            started.push(running)
            return running
          },
          books: (store = STORE) => readBooks(path(store))
        })
      } finally {
        for (const running of started) running.kill('SIGKILL')
        await Promise.all(started.map(({ end }) => end))
      }
    })
  )
}

export async function readBooks(file: string): Promise<Books> {
  const store = SqliteStore.open(file, { mustExist: true })
  try {
    return await store.books()
  } finally {
    await store.close()
  }
}

/** Expects wrong usage: exit code 2, one line on standard error, and nothing on standard output. */
export function expectRefused({ code, stdout, stderr }: Run, line: string | RegExp): void {
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr.split('\n')).toHaveLength(2)
  expect(stderr.trimEnd()).toMatch(line)
}

function toRun(ended: Ended): Run {
  return {
    ...ended,
    json: () => {
      const parsed: unknown = JSON.parse(ended.stdout)
      if (typeof parsed !== 'object' || parsed === null) throw new Error('not a JSON object')
      return { ...parsed }
    },
    errors: () => ended.stderr.split('\n').filter((line) => line !== '')
  }
}

export interface Identify {
  messageId: string
  userId?: unknown
  traits?: unknown
  [name: string]: unknown
}

/** An identify event, one second after the one with the previous number. */
export function identify(number: number, more: Record<string, unknown> = {}): Identify {
  return {
    type: 'identify',
    messageId: `m${number}`,
    userId: `u${number}`,
    timestamp: new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString(),
    traits: { number },
    ...more
  }
}

export function ndjson(events: readonly unknown[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}

/** The users in the sandbox, as a plain object. */
export function usersOf(sandbox: Sandbox): Record<string, unknown> {
  return Object.fromEntries([...sandbox.users].map(([id, properties]) => [id, { ...properties }]))
}

/** Resolves when the condition holds; rejects before the test would time out, with a message that says what was awaited. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited 20 s in vain until ${condition.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
