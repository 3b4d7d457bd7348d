/**
 * Whether a promise resolves or rejects within this time. It may still do so later; a late rejection is ignored.
 */
export function settlesWithin(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), limitMs)
    const settled = (): void => {
      clearTimeout(timer)
      resolve(true)
    }
    // Handling the rejection here also prevents a late one from ending the process.
    promise.then(settled, settled)
  })
}
