/** The code of an error, such as `EADDRINUSE`, or its name if it has none. */
export function systemCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown error'
  if ('code' in error && typeof error.code === 'string') return error.code
  return 'name' in error && typeof error.name === 'string' ? error.name : 'unknown error'
}
