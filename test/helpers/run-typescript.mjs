/**
 * Runs a TypeScript file of this repository in a process of its own: `node run-typescript.mjs FILE ARGUMENTS…`. It is
 * compiled as jest compiles it, to CommonJS, so that tests which kill a process do not depend on a build.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire, Module } from 'node:module'
import { dirname, resolve } from 'node:path'
import { transformSync } from '@swc/core'

const SOURCES = new Map([
  ['.js', '.ts'],
  ['.cjs', '.cts']
])

function compile(module, file) {
  const { code } = transformSync(readFileSync(file, 'utf8'), {
    filename: file,
    sourceMaps: 'inline',
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' }
  })
  module._compile(code, file)
}

Module._extensions['.ts'] = compile
Module._extensions['.cts'] = compile

const resolveFilename = Module._resolveFilename
Module._resolveFilename = (request, parent, ...rest) => {
  const [, stem, extension] = /^(\.{1,2}\/.*)(\.c?js)$/.exec(request) ?? []
  const source = stem && parent?.filename && resolve(dirname(parent.filename), stem + SOURCES.get(extension))
  return source && existsSync(source) ? source : resolveFilename(request, parent, ...rest)
}

const entry = resolve(process.argv[2] ?? '')
process.argv.splice(1, 2, entry)
createRequire(import.meta.url)(entry)
