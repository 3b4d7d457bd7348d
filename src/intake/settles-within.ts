/**
 * Whether a promise resolves or rejects within this time. It may still do so later; that it rejects then is no error.
 */
export function settlesWithin(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), limitMs)
    const settled = (): void => {
      clearTimeout(timer)
      resolve(true)
    }
    // Handling the failure here also keeps one that nobody waits for any more from ending the process.
    promise.then(settled, settled)
  })
}
