/** Compiles src to dist. `src/destination` is CommonJS (see docs/design.md), which its package.json tells Node. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
// Compiled next to dist, which it replaces when it is complete: a failed build keeps the last good one.
const fresh = `${root}.dist-${process.pid}`
const old = `${fresh}-old`

try {
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', fresh], { cwd: root, stdio: 'inherit' })
  copyFileSync(`${root}src/destination/package.json`, `${fresh}/destination/package.json`)
  if (existsSync(`${fresh}/cli/main.js`)) chmodSync(`${fresh}/cli/main.js`, 0o755)
  // Two renames, so that there is hardly a moment without a dist.
  if (existsSync(`${root}dist`)) renameSync(`${root}dist`, old)
  renameSync(fresh, `${root}dist`)
} catch (error) {
  // The compiler has printed its errors.
  if (error.status === undefined || error.signal) console.error(`build: ${error.message}`)
  process.exitCode = 1
} finally {
  for (const path of [fresh, old]) rmSync(path, { recursive: true, force: true, maxRetries: 3 })
}
