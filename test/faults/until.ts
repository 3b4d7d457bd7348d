/** Looks again every few milliseconds until the condition holds; throws when it does not in time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 15_000
): Promise<void> {
  const end = Date.now() + withinMs
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${withinMs} ms in vain for ${what}`)
    await pause(10)
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
