// What `npm start` runs: installs what is missing, builds what is out of date, and shows the product at work.
// Only syntax that every Node understands, so that an old one gets to print the line below.
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    'dopt-destination needs Node 20.19 or newer, and this is ' + process.versions.node + ': https://nodejs.org'
  )
  process.exitCode = 1
} else {
  import('./start/prepare.mjs')
    .then(({ prepare }) => prepare())
    .then((isReady) => (isReady ? import('./start/demo.mjs').then(({ demo }) => demo()) : false))
    .then((isWell) => {
      if (!isWell) process.exitCode = 1
    })
    .catch((error) => {
      console.error(error instanceof Error ? error.message : error)
      process.exitCode = 1
    })
}
