const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `1,234` */
export function formatCount(count: number): string {
  return WHOLE.format(count)
}

/** How long something took: `850 ms`, `1.2 s`, `3 m 20 s`, `2 h 5 m`, `3 d 4 h`. */
export function formatDuration(durationMs: number): string {
  if (Math.round(durationMs) < SECOND) return `${Math.max(0, Math.round(durationMs))} ms`
  if (Math.round(durationMs / 100) < 600) return `${(durationMs / SECOND).toFixed(1)} s`
  if (roundTo(durationMs, SECOND) < HOUR) return twoUnits(durationMs, MINUTE, 'm', SECOND, 's')
  if (roundTo(durationMs, MINUTE) < DAY) return twoUnits(durationMs, HOUR, 'h', MINUTE, 'm')
  return twoUnits(durationMs, DAY, 'd', HOUR, 'h')
}

/**
 * How long ago something was, in its largest unit: `12 s`, `3 m`, `2 h`, `4 d`. A time in the future (clocks differ)
 * gives `0 s`.
 */
export function formatAge(ageMs: number): string {
  if (ageMs < MINUTE) return `${Math.max(0, Math.floor(ageMs / SECOND))} s`
  if (ageMs < HOUR) return `${Math.floor(ageMs / MINUTE)} m`
  if (ageMs < DAY) return `${Math.floor(ageMs / HOUR)} h`
  return `${formatCount(Math.floor(ageMs / DAY))} d`
}

/** `1,234/s`, below ten `3.4/s`; `0/s` if no time has passed. */
export function formatRate(count: number, durationMs: number): string {
  const perSecond = durationMs > 0 ? (count * SECOND) / durationMs : 0
  const isSmall = perSecond > 0 && Math.round(perSecond * 10) < 100
  return `${isSmall ? perSecond.toFixed(1) : formatCount(perSecond)}/s`
}

function twoUnits(durationMs: number, large: number, largeName: string, small: number, smallName: string): string {
  const rounded = roundTo(durationMs, small)
  const rest = (rounded % large) / small
  const whole = `${formatCount(Math.floor(rounded / large))} ${largeName}`
  return rest === 0 ? whole : `${whole} ${rest} ${smallName}`
}

function roundTo(durationMs: number, unit: number): number {
  return Math.round(durationMs / unit) * unit
}
