import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { CLI } from '../../helpers/run-cli.js'

export interface ProgramEnd {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** The compiled command line in a process of its own, with a pipe to its standard input. */
export class Program {
  readonly startedAt = Date.now()
  readonly end: Promise<ProgramEnd>
  hasEnded = false
  readonly #child: ChildProcessWithoutNullStreams
  #stdout = ''
  #stderr = ''

  constructor(args: readonly string[], options: { cwd: string; env: Record<string, string> }) {
    this.#child = spawn(process.execPath, [CLI, ...args], {
      cwd: options.cwd,
      env: { PATH: process.env['PATH'] ?? '', ...options.env }
    })
    const { stdin, stdout, stderr } = this.#child
    // It may be gone before it has read what it was given.
    stdin.on('error', () => undefined)
    stdout.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text))
    stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    this.end = once(this.#child, 'close').then(() => {
      this.hasEnded = true
      const { exitCode, signalCode } = this.#child
      return { code: exitCode, signal: signalCode, stdout: this.#stdout, stderr: this.#stderr }
    })
  }

  get stdout(): string {
    return this.#stdout
  }

  feed(text: string): void {
    if (!this.hasEnded) this.#child.stdin.write(text)
  }

  endInput(): void {
    this.#child.stdin.end()
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#child.kill(signal)
  }
}
