const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** `812 bytes`, `1.5 MiB` */
export function formatBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power] ?? ''}`
}
