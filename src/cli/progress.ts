import { SingleBar } from 'cli-progress'
import { formatCount, formatRate } from './format-number.js'
import { isTerminal, type Environment } from './terminal.js'

export interface ProgressCounts {
  /** Events, since the start. */
  read: number
  delivered: number
  failed: number
  /** Bytes taken from the input, for the percentage. */
  bytesRead?: number
  /** What is wrong at the moment, in a few words. */
  trouble?: string | undefined
}

export interface ProgressOptions {
  /** The size of the input, where it is known: makes a bar and a percentage. */
  totalBytes?: number
  /** Default: stderr. */
  stream?: NodeJS.WritableStream & { readonly isTTY?: boolean }
  env?: Environment
  nowMs?: () => number
}

/** One line that tells how far the work is. Nothing else may be written to the terminal before `stop`, but by `say`. */
export interface Progress {
  start(): void
  update(counts: ProgressCounts): void
  /** Writes a line above this one. Where there is no progress line, the line alone. */
  say(line: string): void
  stop(): void
}

/** Up to the line that `stop` has left, and nothing on it. */
const ERASE_LINE_ABOVE = '\u001b[1A\r\u001b[2K'

/** Draws on a terminal, without colours; where the stream is something else, it does nothing. */
export function createProgress(options: ProgressOptions = {}): Progress {
  const { totalBytes, stream = process.stderr, env = process.env, nowMs = Date.now } = options
  const write = (line: string): void => void stream.write(`${line}\n`)
  if (!isTerminal(stream, env)) return { start() {}, update() {}, say: write, stop() {} }

  const counts = 'read {read}  delivered {delivered}  failed {failed}  {rate}{trouble}'
  const bar = new SingleBar({
    stream,
    format: totalBytes === undefined ? counts : `{bar} {percentage}%  ${counts}`,
    barsize: 12,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    // The alternative switches the terminal's wrapping off, which a process that is killed would leave behind.
    linewrap: true,
    // Signals are the command's business: it goes on for a while after the first.
    gracefulExit: false
  })
  let startedAtMs = nowMs()
  let isDrawn = false
  let last: ProgressCounts = { read: 0, delivered: 0, failed: 0 }
  const fields = ({ read, delivered, failed, trouble }: ProgressCounts): Record<string, string> => ({
    read: formatCount(read),
    delivered: formatCount(delivered),
    failed: formatCount(failed),
    rate: formatRate(delivered, nowMs() - startedAtMs),
    trouble: trouble === undefined ? '' : `  ${trouble}`
  })
  const draw = (): void => {
    isDrawn = true
    bar.start(totalBytes ?? 0, last.bytesRead ?? 0, fields(last))
  }

  return {
    start() {
      startedAtMs = nowMs()
      draw()
    },
    update(now) {
      last = now
      bar.update(now.bytesRead ?? 0, fields(now))
    },
    say(line) {
      if (!isDrawn) return write(line)
      // The bar remembers the place where it began, which the line takes: it has to begin anew.
      bar.stop()
      write(ERASE_LINE_ABOVE + line)
      draw()
    },
    stop() {
      isDrawn = false
      bar.stop()
    }
  }
}
