import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { targetOf } from './layout.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** `import … from 'x'` and `export … from 'x'`. Nothing in these files imports in another way. */
const IMPORT = /(?<=\bfrom )'([^']+)'/g

/** What a file imports, as written in it. */
export function importsOf(text) {
  return Array.from(text.matchAll(IMPORT), ([, name]) => name)
}

/** The text of the file at `path` with its relative imports rewritten for the new place, without extensions. */
export function withImports(path, text) {
  return text.replace(IMPORT, (whole, name) => (name.startsWith('.') ? `'${importThere(path, name)}'` : whole))
}

function importThere(path, name) {
  const from = posix.dirname(targetOf(path))
  const to = targetOf(fileOf(posix.join(posix.dirname(path), name)))
  const relative = posix.relative(from, to.replace(/\.ts$/, ''))
  const dotted = relative.startsWith('.') ? relative : `./${relative}`
  return dotted.replace(/(?<=[^./])\/index$/, '')
}

function fileOf(module) {
  const base = module.replace(/\.js$/, '')
  const file = [`${base}.ts`, `${base}/index.ts`].find((candidate) => existsSync(root + candidate))
  if (file === undefined) throw new Error(`there is no file for ${module}`)
  return file
}
