import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { withTempDir } from '../helpers/temp-dir.js'

const library = resolve(__dirname, '../../dist/index.js')

describe('the library in a program that is given to node as text', () => {
  it.each([['--input-type=module'], ['--input-type', 'module']])('opens its store with %s %s', (...type) =>
    withTempDir((dir) => {
      const input = `import { createForwarder } from ${JSON.stringify(library)}
const forwarder = await createForwarder({ send: false, store: ${JSON.stringify(`${dir}/store.db`)} })
const { accepted } = await forwarder.accept({ type: 'identify', userId: 'u' })
await forwarder.close()
console.log(accepted)`
      const { stdout, stderr } = spawnSync(process.execPath, [...type, '-'], { input, encoding: 'utf8' })
      expect([stdout, stderr]).toEqual(['1\n', ''])
    })
  )
})
