import { printableJson } from './printable.js'
import { createProgress, type Progress, type ProgressCounts } from './progress.js'
import { wantsColour } from './terminal.js'

/** Results go to standard output; progress and notices go to standard error. */
export class Output {
  readonly #said = new Set<string>()
  #progress: Progress | undefined
  #isClosed = false

  /** Whether results may be coloured. */
  get colour(): boolean {
    return wantsColour(process.stdout)
  }

  /** Whether nobody reads results any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Prints a result, with a line break at its end. */
  print(text: string): void {
    this.stopProgress()
    process.stdout.write(`${text}\n`, (error) => {
      if (error) this.#isClosed = true
    })
  }

  printJson(value: unknown): void {
    this.print(printableJson(value))
  }

  /** Prints a notice at once, above the progress line if there is one. */
  note(line: string): void {
    if (this.#progress === undefined) process.stderr.write(`${line}\n`)
    else this.#progress.say(line)
  }

  /** Like `note`, but prints the same line only once. */
  noteOnce(line: string): void {
    if (this.#said.has(line)) return
    this.#said.add(line)
    this.note(line)
  }

  startProgress(totalBytes?: number): void {
    this.#progress = createProgress(totalBytes === undefined ? {} : { totalBytes })
    this.#progress.start()
  }

  updateProgress(counts: ProgressCounts): void {
    this.#progress?.update(counts)
  }

  stopProgress(): void {
    this.#progress?.stop()
    this.#progress = undefined
  }
}

/** A reader that stops early, such as `head`, is no error; any other error on our streams is. */
export function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}

/** Exits when everything has been written: the reader of a pipe may be slower than the command. */
export async function exitWhenWritten(code: number): Promise<never> {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve())))
  )
  process.exit(code)
}
