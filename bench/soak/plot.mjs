/** Memory and queue depth over time, as an SVG that any browser shows. */
const WIDTH = 900
const HEIGHT = 260
const MARGIN = { left: 70, right: 20, top: 36, bottom: 30 }

/** `samples`: `[{ seconds, memoryMiB, queue }]`. */
export function renderPlot(samples, title) {
  const charts = [
    { name: 'resident memory, MiB', of: ({ memoryMiB }) => memoryMiB, colour: '#1f6feb' },
    { name: 'events that wait', of: ({ queue }) => queue, colour: '#bc4c00' }
  ]
  const end = Math.max(1, ...samples.map(({ seconds }) => seconds))
  const drawn = charts.map((chart, index) => draw(chart, samples, end, 30 + index * HEIGHT))
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${30 + charts.length * HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
<text x="${MARGIN.left}" y="22" font-size="15">${escape(title)}</text>
${drawn.join('\n')}
</svg>
`
}

function draw({ name, of, colour }, samples, end, top) {
  const highest = niceAbove(Math.max(1, ...samples.map(of)))
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right]
  const [upper, lower] = [top + MARGIN.top, top + HEIGHT - MARGIN.bottom]
  const x = (seconds) => left + ((right - left) * seconds) / end
  const y = (value) => lower - ((lower - upper) * value) / highest
  const points = samples.map((sample) => `${x(sample.seconds).toFixed(1)},${y(of(sample)).toFixed(1)}`)
  const rows = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = y(highest * share).toFixed(1)
    const label = (highest * share).toLocaleString('en-US')
    return `<path d="M${left} ${at}H${right}" stroke="#ddd"/><text x="${left - 8}" y="${Number(at) + 4}" text-anchor="end">${label}</text>`
  })
  const columns = [0, 0.25, 0.5, 0.75, 1].map(
    (share) => `<text x="${x(end * share)}" y="${lower + 18}" text-anchor="middle">${Math.round(end * share)} s</text>`
  )
  return `<text x="${left}" y="${upper - 10}" fill="${colour}">${escape(name)}</text>
${rows.join('\n')}
${columns.join('\n')}
<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`
}

/** 1, 2 or 5 with as many zeros as it takes. */
function niceAbove(value) {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10)
}

function escape(text) {
  return text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
