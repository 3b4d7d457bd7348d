/** Runs the command line. Imported by main.ts, which has made sure that this Node can load it. */
import { batches } from './batches.js'
import { check } from './check.js'
import { lineOf } from './errors.js'
import { EXIT } from './exit-codes.js'
import { forget } from './forget.js'
import { forward } from './forward.js'
import { exitWhenWritten, ignoreClosedPipes } from './output.js'
import { runProgram } from './program.js'
import { prune } from './prune.js'
import { preview } from './preview.js'
import { replay } from './replay.js'
import { sandbox } from './sandbox.js'
import { serve } from './serve.js'
import { show } from './show.js'
import { status } from './status.js'

ignoreClosedPipes()
// A bug. No stack is printed: it may contain an event's values.
process.on('uncaughtException', (error) => {
  process.stderr.write(`error: ${lineOf(error)}\n`)
  process.exit(EXIT.incomplete)
})
// All commands are loaded to parse one, so each loads large modules (the mapping, HTTP) only when it runs.
const commands = [forward, serve, status, batches, show, replay, forget, prune, check, preview, sandbox]
await exitWhenWritten(await runProgram(commands, process.argv))
