import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Metrics } from '../../src/intake/http/metrics.js'
import { runCli } from '../helpers/run-cli.js'
import { withForwarder } from '../intake/http/with-intake.js'

const read = (path: string): string => readFileSync(join(__dirname, '../..', path), 'utf8')

const PAGE = read('docs/operations.md')
const ALERTS = read('deploy/alerts.yml')
const UNIT = read('deploy/dopt-destination.service')
const CONTAINER = read('deploy/Containerfile')

/** What a regular expression's first group finds, each once. */
function all(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([whole, first]) => first ?? whole))]
}

/** What `serve` tells Prometheus. */
async function exposed(): Promise<{ text: string; names: string[]; series: string[] }> {
  let text = ''
  await withForwarder({}, async (forwarder) => {
    text = await new Metrics(forwarder, { process: true }).expose()
  })
  const names = all(text, /^# TYPE (\S+)/gm)
  const histograms = all(text, /^# TYPE (\S+) histogram$/gm)
  return {
    text,
    names,
    series: [...names, ...histograms.flatMap((name) => [`${name}_bucket`, `${name}_count`, `${name}_sum`])]
  }
}

describe('the page for operators', () => {
  it('names metrics that there are, and no others; the alert rules too', async () => {
    const { series } = await exposed()
    const named = all(PAGE + ALERTS, /\b(?:dopt|process|nodejs)_[a-z_]+\b/g)
    expect(named.filter((name) => !series.includes(name))).toEqual([])
  })

  it('leaves out none of our own metrics', async () => {
    const { names } = await exposed()
    const ours = names.filter((name) => name.startsWith('dopt_'))
    expect(ours.length).toBeGreaterThan(15)
    expect(ours.filter((name) => !PAGE.includes(name))).toEqual([])
  })

  it('explains every alert, by its name, and no others', () => {
    const alerts = all(ALERTS, /- alert: (\w+)/g)
    expect(alerts.length).toBeGreaterThan(5)
    expect(all(PAGE, /^### (Dopt\w+)$/gm)).toEqual(expect.arrayContaining(alerts))
    expect(all(PAGE, /\b(Dopt[A-Z]\w+)\b/g).filter((name) => !alerts.includes(name))).toEqual([])
  })

  it('has alerts on label values that are told before the first event', async () => {
    const { text } = await exposed()
    const selectors = [...ALERTS.matchAll(/\b(dopt_\w+)\{(\w+)=~?"([^"]+)"\}/g)]
    expect(selectors.length).toBeGreaterThan(3)
    const series = selectors.flatMap(([, name = '', label = '', values = '']) =>
      values.split('|').map((value) => `${name}{${label}="${value}"} `)
    )
    expect(series.filter((one) => !text.includes(`\n${one}`))).toEqual([])
  })

  it('has commands, flags and variables that there are; the unit and the container file too', async () => {
    const cwd = __dirname
    const help = async (command: string): Promise<string> => (await runCli([command, '--help'], { cwd })).stdout
    const commands = all(await help('help'), /^ {2}([a-z]+) /gm)
    expect(commands).toEqual(expect.arrayContaining(['serve', 'status', 'replay']))
    const helps = new Map(await Promise.all(commands.map(async (name) => [name, await help(name)] as const)))
    const known = [...helps.values()].join('\n')

    const lines = all(PAGE, /\bdopt-destination ((?:check|[a-z]+ ?)[^`\n#|]*)/g).filter((line) =>
      commands.includes(line.split(' ')[0] ?? '')
    )
    expect(lines.length).toBeGreaterThan(10)
    const unknownFlags = lines.flatMap((line) => {
      const flags = all(line, /(?<= )--[a-z-]+/g)
      return flags
        .filter((flag) => !helps.get(line.split(' ')[0] ?? '')?.includes(`${flag} `))
        .map((flag) => `${line}: ${flag}`)
    })
    expect(unknownFlags).toEqual([])

    const inProse = all(PAGE, /`(--[a-z-]+)`/g)
    expect(inProse.length).toBeGreaterThan(5)
    expect(inProse.filter((flag) => !known.includes(`${flag} `))).toEqual([])
    const variables = all(PAGE + UNIT + CONTAINER, /\bDOPT_[A-Z_]+\b/g)
    expect(variables.filter((name) => !known.includes(name))).toEqual([])
    expect(UNIT).toMatch(/^ExecStart=\/usr\/local\/bin\/dopt-destination serve$/m)
    expect(CONTAINER).toContain('CMD ["serve"]')
  }, 60_000)
})
