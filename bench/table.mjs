/** The figures as people read them. */

/** Eight calls of 100 users: what the contestants without a store have under way. With a latency it bounds how fast anybody is. */
const EVERYBODY_AT_A_TIME = 8 * 100

/** One line a contestant and one for each of its parts, where it has several: medians over the rounds. */
export function renderTable({ events, users, latency, rounds, concurrency }, results, yardstickName) {
  const yardstick = results.find(({ name }) => name === yardstickName)
  const limit = latency === 0 ? undefined : (EVERYBODY_AT_A_TIME * 1000) / latency
  const rows = results.flatMap((result) => rowsOf(result, { events, yardstick, limit }))
  const header = [
    '',
    'events/s',
    'vs straight line',
    ...(limit === undefined ? [] : ['users/s vs limit']),
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

function rowsOf({ title, rounds }, { events, yardstick, limit }) {
  const seconds = median(rounds.map((round) => sum(round, 'seconds')))
  const ratio = yardstick ? median(yardstick.rounds.map((round) => sum(round, 'seconds'))) / seconds : undefined
  const calls = median(rounds.map((round) => round.calls))
  const missing = Math.max(...rounds.map((round) => round.missing))
  const whole = [
    title,
    perSecond(events, seconds),
    ratio === undefined ? '' : `${ratio.toFixed(2)}×`,
    ...(limit === undefined ? [] : [(median(rounds.map((round) => round.users)) / seconds / limit).toFixed(2)]),
    perEvent(
      events,
      rounds.map((round) => sum(round, 'cpuSeconds'))
    ),
    median(rounds.map(({ phases }) => Math.max(...phases.map(({ peakMiB }) => peakMiB)))).toFixed(0),
    calls.toLocaleString('en-US'),
    ((calls * 100) / events).toFixed(2),
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
      ...(limit === undefined ? [] : ['']),
      perEvent(events, figures('cpuSeconds')),
      median(figures('peakMiB')).toFixed(0),
      '',
      '',
      ''
    ]
  })
  return [whole, ...parts]
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
