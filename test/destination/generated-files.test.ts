import { spawnSync } from 'node:child_process'
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'

const root = resolve(__dirname, '../..')
const source = join(root, 'src/destination')

/** Compiles the destination as it is now, with `change` made to its source, while `use` is at work. */
function withCompiled(change: (text: string) => string, use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'dopt-destination-'))
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    for (const path of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.ts')) continue
      const target = join(folder, 'out', path.replace(/\.ts$/, '.js'))
      const { outputText } = ts.transpileModule(change(readFileSync(join(source, path), 'utf8')), {
        compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true }
      })
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, outputText)
    }
    use(join(folder, 'out'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const check = (script: string, from: string) =>
  spawnSync(process.execPath, [join(root, script), '--check', '--from', from], { encoding: 'utf8' })

describe.each(['scripts/generate-types.mjs', 'scripts/generate-manifest.mjs'])('%s --check', (script) => {
  test('finds the generated files up to date', () => {
    withCompiled(
      (text) => text,
      (folder) => expect(check(script, folder)).toMatchObject({ status: 0, stdout: '', stderr: '' })
    )
  })

  test('says in one line what to run when the definition has changed', () => {
    withCompiled(
      (text) => text.replace('Batch Size', 'Size of a Batch').replace('How many events', 'The number of events'),
      (folder) => {
        const { status, stderr } = check(script, folder)
        expect(status).toBe(1)
        expect(stderr).toMatch(new RegExp(`^Out of date: .+ Run npm run build, then node ${script}\n$`))
      }
    )
  })
})
