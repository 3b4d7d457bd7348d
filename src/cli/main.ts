#!/usr/bin/env node
// Imports nothing at first: an older Node could not load what the program needs, and would fail with words of its own.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isTooOld = major < 20 || (major === 20 && minor < 19)

if (isTooOld) {
  process.stderr.write(
    `error: dopt-destination needs Node 20.19 or newer, and this is ${process.versions.node}: https://nodejs.org\n`
  )
  process.exitCode = 2
} else {
  await import('./run.js')
}
