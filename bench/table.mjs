/** The figures as people read them. */

/** Eight calls of 100 events. With a latency it bounds how fast anybody is who merges nothing. */
const EVERYBODY_AT_A_TIME = 8 * 100

/**
 * Medians over the rounds, and ratios to the yardstick of the same run, where it took part. `missing` is of the worst round,
 * not of the median one.
 */
export function summarize({ rounds }, { events, latency }, yardstick) {
  const seconds = secondsOf(rounds)
  const eventsPerSecond = events / seconds
  const calls = median(rounds.map((round) => round.calls))
  return {
    seconds,
    eventsPerSecond,
    ratio: yardstick && secondsOf(yardstick.rounds) / seconds,
    ratioToLimit: latency === 0 ? undefined : eventsPerSecond / ((EVERYBODY_AT_A_TIME * 1000) / latency),
    cpuMicroseconds: (median(rounds.map((round) => sum(round, 'cpuSeconds'))) * 1e6) / events,
    peakMiB: median(rounds.map(({ phases }) => Math.max(...phases.map(({ peakMiB }) => peakMiB)))),
    calls,
    callsPer100Events: (calls * 100) / events,
    missing: Math.max(...rounds.map(({ missing }) => missing))
  }
}

export function findYardstick(results, name) {
  return results.find((result) => result.name === name)
}

/** One line a contestant and one for each of its parts, where it has several. */
export function renderTable(options, results, yardstickName) {
  const { events, users, latency, rounds, concurrency } = options
  const yardstick = findYardstick(results, yardstickName)
  const hasLimit = latency > 0
  const rows = results.flatMap((result) => rowsOf(result, summarize(result, options, yardstick), { events, hasLimit }))
  const header = [
    '',
    'events/s',
    'vs straight line',
    ...(hasLimit ? ['vs limit'] : []),
    'CPU µs/event',
    'peak MiB',
    'calls',
    'calls per 100 events',
    'all arrived'
  ]
  const count = (value) => value.toLocaleString('en-US')
  const setting = `${count(events)} events of ${count(users)} users, answers after ${latency} ms, forward with ${concurrency} calls at a time; median of ${rounds}`
  return `${setting}\n\n${align([header, ...rows])}`
}

/** The same for the translation, which has neither calls nor a store. */
export function renderTranslationTable({ events }, results, batch) {
  const rows = results.map(({ title, rounds }) => {
    const cpuSeconds = median(rounds.map((round) => round.cpuSeconds))
    const seconds = median(rounds.map((round) => round.seconds))
    const perCore = perSecond(events, cpuSeconds)
    return [`translate, ${title}`, perSecond(events, seconds), perCore, ((cpuSeconds * 1e6) / events).toFixed(1)]
  })
  const setting = `${events.toLocaleString('en-US')} events translated in batches of ${batch}; median of ${results[0].rounds.length}`
  return `${setting}\n\n${align([['', 'events/s', 'events/s of processor time', 'CPU µs/event'], ...rows])}`
}

function rowsOf({ title, rounds }, summary, { events, hasLimit }) {
  const { eventsPerSecond, ratio, ratioToLimit, cpuMicroseconds, peakMiB, calls, callsPer100Events, missing } = summary
  const whole = [
    title,
    Math.round(eventsPerSecond).toLocaleString('en-US'),
    ratio === undefined ? '' : `${ratio.toFixed(2)}×`,
    ...(hasLimit ? [ratioToLimit.toFixed(2)] : []),
    cpuMicroseconds.toFixed(0),
    peakMiB.toFixed(0),
    calls.toLocaleString('en-US'),
    callsPer100Events.toFixed(2),
    missing === 0 ? 'yes' : `NO: ${missing} missing`
  ]
  const phases = rounds[0].phases
  if (phases.length === 1) return [whole]
  const parts = phases.map((phase, index) => {
    const figures = (name) => rounds.map((round) => round.phases[index][name])
    const speed = perSecond(events, median(figures('seconds')))
    return [
      `  ${phase.title}`,
      speed,
      '',
      ...(hasLimit ? [''] : []),
      perEvent(events, figures('cpuSeconds')),
      median(figures('peakMiB')).toFixed(0),
      '',
      '',
      ''
    ]
  })
  return [whole, ...parts]
}

function secondsOf(rounds) {
  return median(rounds.map((round) => sum(round, 'seconds')))
}

function sum({ phases }, figure) {
  return phases.reduce((total, phase) => total + phase[figure], 0)
}

/** Processor time in microseconds: steadier than wall time on a machine that has other work. */
function perEvent(events, cpuSeconds) {
  return ((median(cpuSeconds) * 1e6) / events).toFixed(0)
}

function perSecond(events, seconds) {
  return Math.round(events / seconds).toLocaleString('en-US')
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Markdown, which is as readable in a terminal when the columns are padded. */
export function align(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const line = (row) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  const [header, ...body] = rows
  return [line(header), rule, ...body.map(line)].join('\n')
}
