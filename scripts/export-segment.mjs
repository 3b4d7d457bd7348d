/**
 * Writes the destination in the layout of segmentio/action-destinations:
 *
 *     npm run export:segment -- DIR
 *
 * DIR is that repository's `packages/destination-actions/src`, or any folder to look at the result. `destinations/dopt` in
 * it is replaced with the source, `metadata.json`, and the tests that need nothing which that repository lacks.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { importsOf, withImports } from './segment/imports.mjs'
import { targetOf } from './segment/layout.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const style = await resolveConfig(new URL(import.meta.url))

/** What tests may import there, besides Node's own modules. */
const PACKAGES_THERE = ['@segment/actions-core', '@segment/destination-subscriptions', 'nock']

const [directory, ...rest] = process.argv.slice(2)
if (directory === undefined || rest.length > 0) fail('Usage: npm run export:segment -- DIR')
const target = join(resolve(directory), 'destinations/dopt')
if (!isOurs(target)) fail(`${target} contains something else: remove it, or choose another folder`)

const source = list('src/destination')
const tests = list('test/destination')
const left = tests.filter((path) => !canLeave(path))
const contents = new Map([['metadata.json', read('manifest.json')]])
for (const path of [...source, ...tests]) {
  if (!left.includes(path)) contents.set(targetOf(path), await contentOf(path))
}

rmSync(target, { recursive: true, force: true })
for (const [path, text] of contents) {
  mkdirSync(dirname(join(target, path)), { recursive: true })
  writeFileSync(join(target, path), text)
}
console.log(`${contents.size} files written to ${target}`)
console.log(`not exported, because of their imports: ${left.filter((path) => path.endsWith('.ts')).join(', ')}`)

/** An existing folder is replaced only if it is an earlier export. */
function isOurs(folder) {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return true
  const metadata = join(folder, 'metadata.json')
  return existsSync(metadata) && JSON.parse(readFileSync(metadata, 'utf8')).slug === 'actions-dopt'
}

function list(folder) {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => /\.(ts|snap)$/.test(path))
    .sort()
}

function read(path) {
  return readFileSync(join(root, path), 'utf8')
}

/** A snapshot goes where its test goes. */
function canLeave(path) {
  const file = path.endsWith('.snap') ? path.replace('__snapshots__/', '').replace(/\.snap$/, '') : path
  return importsOf(read(file)).every(
    (name) => name.startsWith('.') || name.startsWith('node:') || PACKAGES_THERE.includes(name)
  )
}

async function contentOf(path) {
  if (path.endsWith('.snap')) return read(path)
  return format(withImports(path, read(path)), { ...style, parser: 'typescript' })
}

function fail(message) {
  console.error(message)
  process.exit(2)
}
