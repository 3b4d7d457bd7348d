/** Shared by the scripts that generate files from the compiled destination. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('../', import.meta.url))

/** `--check` compares instead of writing; `--from DIR` is where the compiled destination is (default dist/destination). */
export function readOptions() {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      from: { type: 'string', default: resolve(root, 'dist/destination') }
    }
  })
  return { check: values.check, from: resolve(values.from) }
}

/** The destination's definition, and the actions-core that it was made with. Both are CommonJS. */
export function loadDestination(from) {
  const require = createRequire(import.meta.url)
  return { ...require(resolve(from, 'index.js')), actionsCore: require('@segment/actions-core') }
}

/**
 * Writes `contents` (text by path, relative to the project). With `check`, compares them with the existing files instead:
 * if anything differs, prints a line that names `script`, and makes the exit code 1.
 */
export function writeOrCheck(contents, { check, script }) {
  const differing = Object.entries(contents).filter(([path, text]) => read(path) !== text)
  if (!check) {
    for (const [path, text] of differing) writeFileSync(resolve(root, path), text)
  } else if (differing.length > 0) {
    const paths = differing.map(([path]) => relative(root, resolve(root, path))).join(', ')
    console.error(`Out of date: ${paths}. Run npm run build, then node ${script}`)
    process.exitCode = 1
  }
}

function read(path) {
  try {
    return readFileSync(resolve(root, path), 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}
