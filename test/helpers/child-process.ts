import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const RUN_TYPESCRIPT = join(__dirname, 'run-typescript.mjs')

export interface Child {
  readonly process: ChildProcess
  /** The next line that it prints; rejects, with what it said on stderr, when it ends instead. */
  nextLine(): Promise<string>
  /** Writes a line to its standard input. */
  say(line: string): void
  /** Kills it and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Waits for its end. */
  ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** Runs `use` with a TypeScript program in a process of its own, and ends the process whatever happens. */
export async function withChild<T>(
  script: string,
  args: readonly string[],
  use: (child: Child) => Promise<T>,
  options: SpawnOptions = {}
): Promise<T> {
  const child = start([process.execPath, RUN_TYPESCRIPT, script, ...args], options)
  try {
    return await use(child)
  } finally {
    await child.kill()
  }
}

/** As `withChild`, for any command. */
export async function withCommand<T>(command: readonly string[], use: (child: Child) => Promise<T>): Promise<T> {
  const child = start(command, {})
  try {
    return await use(child)
  } finally {
    await child.kill()
  }
}

/** The command that runs a TypeScript program, for a shell that sets limits first. */
export function typescriptCommand(script: string, args: readonly string[]): string[] {
  return [process.execPath, RUN_TYPESCRIPT, script, ...args]
}

function start(command: readonly string[], options: SpawnOptions): Child {
  const [program = '', ...args] = command
  const child = spawn(program, args, { ...options, stdio: 'pipe' })
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new Error('the child has no pipes')
  // A child that is gone takes no more lines; how it ended is asked for elsewhere.
  stdin.on('error', () => undefined)
  let trouble = ''
  stderr.on('data', (chunk: Buffer) => (trouble += chunk.toString('utf8')))
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  const end = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }))
  end.catch(() => undefined)
  return {
    process: child,
    nextLine: async () => {
      const next = await lines.next()
      if (next.done === true) throw new Error(`the child ended without another line\n${trouble}`)
      return next.value
    },
    say: (line) => void stdin.write(`${line}\n`),
    kill: async (signal = 'SIGKILL') => {
      child.kill(signal)
      await end
    },
    ended: () => end
  }
}
