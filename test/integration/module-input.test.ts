import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { withTempDir } from '../helpers/temp-dir.js'

const library = resolve(__dirname, '../../dist/index.js')

describe('the library in a program that is started with flags', () => {
  it.each([['--max-old-space-size=512'], ['--expose-gc', '--title=service'], ['--enable-source-maps']])(
    'opens its store with %s %s',
    (...flags) =>
      withTempDir((dir) => {
        const program = join(dir, 'program.mjs')
        writeFileSync(program, accepting(dir))
        const { stdout, stderr } = spawnSync(process.execPath, [...flags, program], { encoding: 'utf8' })
        expect([stdout, stderr]).toEqual(['1\n', ''])
      })
  )
})

describe('the library in a program that is given to node as text', () => {
  it.each([['--input-type=module'], ['--input-type', 'module'], ['--max-old-space-size=512', '--input-type=module']])(
    'opens its store with %s %s',
    (...type) =>
      withTempDir((dir) => {
        const { stdout, stderr } = spawnSync(process.execPath, [...type, '-'], {
          input: accepting(dir),
          encoding: 'utf8'
        })
        expect([stdout, stderr]).toEqual(['1\n', ''])
      })
  )
})

/** A program that accepts one event, and prints how many were. */
function accepting(dir: string): string {
  return `import { createForwarder } from ${JSON.stringify(library)}
const forwarder = await createForwarder({ send: false, store: ${JSON.stringify(`${dir}/store.db`)} })
const { accepted } = await forwarder.accept({ type: 'identify', userId: 'u' })
await forwarder.close()
console.log(accepted)`
}
