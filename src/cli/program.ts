import { readFileSync } from 'node:fs'
import { Command as Commander, Option } from 'commander'
import { logLevel } from './common-options.js'
import { Config } from './config.js'
import type { Command, CommandContext } from './command.js'
import { exitCodeOf, lineOf } from './errors.js'
import { EXIT } from './exit-codes.js'
import { Output } from './output.js'
import type { AnySetting } from './setting.js'

const DESCRIPTION = `Sends Segment identify events to Dopt in bulk, durably.

What is taken in is first written to a local store, then sent in calls of up to 100 users, tried again while Dopt
cannot take it, and kept with Dopt's own words when it refuses.`

const AFTER_HELP = `
Examples:
  $ dopt-destination sandbox &
  $ export DOPT_ENDPOINT=http://127.0.0.1:8788 DOPT_API_KEY=sandbox-key
  $ dopt-destination forward events.ndjson
  $ dopt-destination status

Settings come from flags, else from the environment, else from the config file
(--config, or dopt-destination.config.json if it is there), else from defaults.

Environment:
  DOPT_API_KEY    Dopt's users API key: better here than in a flag, which shows
                  in the list of processes
  DOPT_ENDPOINT   address of Dopt's users API (https://users.dopt.com)
  DOPT_API        its generation: bulk or batch (bulk)
  DOPT_STORE      the SQLite file with the events (./dopt-destination.db)
  NO_COLOR        no colours
  and the other variables that the help of each command names with its options

Exit codes:
  0    done, and everything was delivered
  1    done, but something failed, was rejected or is undelivered
  2    wrong usage or configuration
  130  interrupted`

/** Runs the command line to its end and resolves to its exit code. Never rejects. */
export async function runProgram(
  commands: readonly Command[],
  argv: readonly string[],
  output = new Output()
): Promise<number> {
  let code: number = EXIT.done
  const program = new Commander('dopt-destination')
    .description(unwrap(DESCRIPTION))
    .version(readVersion(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    // One line, also where commander adds what may have been meant.
    .configureOutput({ outputError: (message, write) => write(`${message.trim().replace(/\s*\n\s*/g, ' ')}\n`) })
    .addHelpText('after', AFTER_HELP)
  const known = commands.flatMap(({ settings, common }) => [...settings, ...common])
  for (const command of commands) {
    register(program, command, async (flags, args) => {
      const loadConfig = (): Config => Config.load({ flags, env: process.env, known })
      code = await run(command, { args, output, loadConfig, wants: ({ key }) => flags[key] === true })
    })
  }
  try {
    await program.parseAsync(withoutHelpOfNothing(argv, commands))
    return code
  } catch (error) {
    // Commander has said what is wrong; help that was asked for is no error, help for want of a command is.
    return hasExitCode(error) && error.exitCode === 0 ? EXIT.done : EXIT.usage
  }
}

function register(
  program: Commander,
  command: Command,
  action: (flags: Record<string, unknown>, args: readonly string[]) => Promise<void>
): void {
  const sub = program
    .command(command.name)
    .summary(command.summary)
    .description(unwrap(command.description))
    .addHelpText('after', `\nExamples:\n${command.examples}`)
  if (command.arguments !== undefined) sub.argument(command.arguments)
  for (const setting of command.settings.filter(isFlag)) sub.addOption(toOption(setting))
  sub.optionsGroup('Common options:')
  for (const setting of command.common.filter(isFlag)) sub.addOption(toOption(setting))
  sub.helpOption('-h, --help', 'show this help')
  sub.action(() => action(sub.opts(), sub.args))
}

/** To ask for the help of what is no command is the mistake of typing it. Commander would print the help of all. */
function withoutHelpOfNothing(argv: readonly string[], commands: readonly Command[]): string[] {
  const [node = '', script = '', first, name, ...rest] = argv
  const isOfNothing = first === 'help' && name !== undefined && !['help', ...commands.map((c) => c.name)].includes(name)
  return isOfNothing && !name.startsWith('-') ? [node, script, name, ...rest] : [...argv]
}

function isFlag({ fileOnly }: AnySetting): boolean {
  return fileOnly !== true
}

/** Paragraphs as one line each: commander wraps them to the width of the terminal. */
function unwrap(text: string): string {
  return text.replace(/(?<!\n)\n(?!\n)/g, ' ')
}

function toOption({ flag, help, env, defaultText, repeatable }: AnySetting): Option {
  const variable = env && repeatable ? `${env}, with commas between several` : env
  const notes = [defaultText && `default: ${defaultText}`, variable, repeatable && 'repeatable'].filter(Boolean)
  const option = new Option(flag, notes.length === 0 ? help : `${help} (${notes.join('; ')})`)
  return repeatable
    ? option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
    : option
}

async function run(command: Command, context: CommandContext): Promise<number> {
  try {
    return await command.run(context)
  } catch (error) {
    context.output.stopProgress()
    context.output.note(`error: ${lineOf(error)}`)
    if (error instanceof Error && wantsStack(context)) context.output.note(error.stack ?? '')
    return exitCodeOf(error)
  }
}

function wantsStack({ loadConfig }: CommandContext): boolean {
  try {
    return ['debug', 'trace'].includes(loadConfig().get(logLevel) ?? '')
  } catch {
    // The configuration itself is what is wrong.
    return false
  }
}

function hasExitCode(error: unknown): error is { exitCode: number } {
  return typeof error === 'object' && error !== null && 'exitCode' in error
}

function readVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown'
}
