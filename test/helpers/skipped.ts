import { spawnSync } from 'node:child_process'

/** Says on standard error that these tests are skipped, and why; returns a title that says it, too. */
export function skipped(title: string, why: string): string {
  process.stderr.write(`SKIPPED: ${title}: ${why}\n`)
  return `${title} (SKIPPED: ${why})`
}

/** Whether there is such a program, which tells its version. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}

/** `it`, or where the machine lacks something one that says so and skips. `lacks` is what it lacks. */
export function itUnless(lacks: string | undefined): (title: string, test: () => Promise<void>) => void {
  return (title, test) => (lacks === undefined ? it(title, test) : it.skip(skipped(title, lacks), test))
}
