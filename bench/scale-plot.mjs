/** Cost per event and memory over the number of events, as an SVG that any browser shows. */
const WIDTH = 900
const HEIGHT = 230
const MARGIN = { left: 70, right: 30, top: 36, bottom: 34 }

/** `points`: `[{ events, cpuMicroseconds, seconds, peakMiB }]`, in the order of `events`. */
export function renderScalePlot(points) {
  const charts = [
    { name: 'time per event, µs', of: ({ seconds, events }) => (seconds * 1e6) / events, colour: '#1f6feb' },
    { name: 'CPU time per event, µs', of: ({ cpuMicroseconds }) => cpuMicroseconds, colour: '#8250df' },
    { name: 'peak resident memory, MiB', of: ({ peakMiB }) => peakMiB, colour: '#bc4c00' }
  ]
  const drawn = charts.map((chart, index) => draw(chart, points, index * HEIGHT))
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${charts.length * HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${drawn.join('\n')}
</svg>
`
}

function draw({ name, of, colour }, points, top) {
  const highest = 1.25 * Math.max(...points.map(of))
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right]
  const [upper, lower] = [top + MARGIN.top, top + HEIGHT - MARGIN.bottom]
  // Each place is ten times the one before it: the numbers of events are.
  const [first, last] = [points[0], points.at(-1)].map(({ events }) => Math.log(events))
  const x = (events) => left + ((right - left) * (Math.log(events) - first)) / Math.max(1e-9, last - first)
  const y = (value) => lower - ((lower - upper) * value) / highest
  const places = points.map((point) => ({ at: x(point.events), height: y(of(point)), value: of(point), ...point }))
  const line = places.map(({ at, height }) => `${at.toFixed(1)},${height.toFixed(1)}`).join(' ')
  const marks = places.map(({ at, height, value, events }) => {
    const label = `<text x="${at.toFixed(1)}" y="${(height - 10).toFixed(1)}" text-anchor="middle">${value.toFixed(0)}</text>`
    const below = `<text x="${at.toFixed(1)}" y="${lower + 20}" text-anchor="middle">${events.toLocaleString('en-US')}</text>`
    return `<circle cx="${at.toFixed(1)}" cy="${height.toFixed(1)}" r="3.5" fill="${colour}"/>${label}${below}`
  })
  return `<text x="${left}" y="${upper - 12}" fill="${colour}">${name}</text>
<path d="M${left} ${lower}H${right}M${left} ${upper}V${lower}" stroke="#999" fill="none"/>
<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="1.5"/>
${marks.join('\n')}`
}
