import { SingleBar } from 'cli-progress'
import { formatCount, formatRate } from './format-number.js'
import { isTerminal, type Environment } from './terminal.js'

export interface ProgressCounts {
  /** Events, since the start. */
  read: number
  delivered: number
  superseded: number
  failed: number
  /** Bytes read from the input, for the percentage. */
  bytesRead?: number
  /** What is wrong at the moment, in short. */
  trouble?: string | undefined
}

export interface ProgressOptions {
  /** The size of the input. If given, there is a bar and a percentage. */
  totalBytes?: number
  /** Default: stderr. */
  stream?: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
  env?: Environment
  nowMs?: () => number
}

/** A progress line. Until `stop`, nothing else may write to the terminal, except through `say`. */
export interface Progress {
  start(): void
  update(counts: ProgressCounts): void
  /** Writes a line above the progress line, or just the line if there is none. */
  say(line: string): void
  stop(): void
}

interface Drawn {
  text: string
}

const WIDEST_BAR = 12
/** Moves up to the line that `stop` has left, and clears it. */
const ERASE_LINE_ABOVE = '\u001b[1A\r\u001b[2K'

/** Draws on a terminal, without colours. If the stream is no terminal, only `say` writes anything. */
export function createProgress(options: ProgressOptions = {}): Progress {
  const { totalBytes, stream = process.stderr, env = process.env, nowMs = Date.now } = options
  const write = (line: string): void => void stream.write(`${line}\n`)
  if (!isTerminal(stream, env)) return { start() {}, update() {}, say: write, stop() {} }

  const bar = new SingleBar({
    stream,
    format: (_, { progress }, { text }: Drawn) =>
      // Some terminals report a width of 0.
      totalBytes === undefined ? text : withBar(progress, text, stream.columns || 80),
    // Otherwise it would turn the terminal's line wrapping off, and leave it off if the process is killed.
    linewrap: true,
    // The command handles signals: after the first one it continues for a while.
    gracefulExit: false
  })
  let startedAtMs = nowMs()
  let isDrawn = false
  let last: ProgressCounts = { read: 0, delivered: 0, superseded: 0, failed: 0 }
  const drawn = (counts: ProgressCounts): Drawn => ({
    text: describe(counts, formatRate(counts.delivered, nowMs() - startedAtMs))
  })
  const draw = (): void => {
    isDrawn = true
    bar.start(totalBytes ?? 0, last.bytesRead ?? 0, drawn(last))
  }

  return {
    start() {
      startedAtMs = nowMs()
      draw()
    },
    update(now) {
      last = now
      bar.update(now.bytesRead ?? 0, drawn(now))
    },
    say(line) {
      if (!isDrawn) return write(line)
      // The bar remembers where it started, and the new line takes that place: start it again.
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

function describe({ read, delivered, superseded, failed, trouble }: ProgressCounts, rate: string): string {
  const counts = [
    `read ${formatCount(read)}`,
    `delivered ${formatCount(delivered)}`,
    `failed ${formatCount(failed)}`,
    // Without them, the counts would seem to lack events that the bar has. After the failed ones: a narrow terminal
    // cuts the line.
    ...(superseded > 0 ? [`superseded ${formatCount(superseded)}`] : [])
  ]
  return [...counts, rate, ...(trouble === undefined ? [] : [trouble])].join('  ')
}

/** The text says more than the bar, which therefore gets the room that is left. */
function withBar(progress: number, text: string, columns: number): string {
  const rest = `${Math.floor(progress * 100)}%  ${text}`
  const size = Math.min(WIDEST_BAR, columns - rest.length - 1)
  if (size < 1) return rest
  const done = Math.round(progress * size)
  return `${'█'.repeat(done)}${'░'.repeat(size - done)} ${rest}`
}
