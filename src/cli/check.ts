import { runChecks } from './checks.js'
import { DELIVERY_SETTINGS, json } from './common-options.js'
import type { Command, CommandContext } from './command.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { printable } from './printable.js'

export const check: Command = {
  name: 'check',
  summary: 'check configuration, store, endpoint and key, and say how to fix what is wrong',
  description: `Checks the configuration, the store, Dopt's endpoint and the API key, and reports what is wrong and how to
fix it. It creates nothing, and changes nothing at Dopt. The exit code is 0 or 2.`,
  settings: [json],
  common: DELIVERY_SETTINGS,
  examples: `  $ dopt-destination check
  $ dopt-destination check --json --config production.json | jq .ok`,
  run
}

async function run({ output, wants, loadConfig }: CommandContext): Promise<ExitCode> {
  const checks = await runChecks(loadConfig)
  const ok = checks.every((result) => result.ok)
  if (wants(json)) {
    output.printJson({ ok, checks })
  } else {
    const width = Math.max(...checks.map(({ name }) => name.length))
    const lines = checks.map(
      ({ name, ok: right, detail }) => `${mark(right, output.colour)} ${name.padEnd(width)}  ${printable(detail)}`
    )
    output.print(lines.join('\n'))
  }
  return ok ? EXIT.done : EXIT.usage
}

function mark(ok: boolean, colour: boolean): string {
  const sign = ok ? '✓' : '✗'
  return colour ? `\u001b[${ok ? 32 : 31}m${sign}\u001b[39m` : sign
}
