import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { withTempDir } from '../helpers/temp-dir.js'

const root = resolve(__dirname, '../..')
/** The TypeScript of action-destinations, whose newer versions take what it does not. */
const tsc = join(root, 'node_modules/typescript-5.5/bin/tsc')

/** What tsconfig.json of action-destinations says, and no more. */
const COMPILER_OPTIONS = {
  module: 'commonjs',
  target: 'es2020',
  lib: ['es2020'],
  declaration: true,
  moduleResolution: 'node',
  esModuleInterop: true,
  resolveJsonModule: true,
  strict: true,
  sourceMap: true,
  removeComments: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  strictPropertyInitialization: false,
  experimentalDecorators: true,
  skipLibCheck: true
}

const run = (...args: string[]) =>
  spawnSync(process.execPath, [join(root, 'scripts/export-segment.mjs'), ...args], { encoding: 'utf8' })

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))

describe('the export for action-destinations', () => {
  it('has the layout of that repository, and compiles under its settings, tests included', () =>
    withTempDir((folder) => {
      expect(run(folder)).toMatchObject({ status: 0, stderr: '' })
      const dopt = join(folder, 'destinations/dopt')
      const files = filesIn(dopt)
      expect(files).toEqual(
        expect.arrayContaining([
          'index.ts',
          'generated-types.ts',
          'metadata.json',
          'versioning-info.ts',
          'identifyUser/index.ts',
          'identifyUser/generated-types.ts',
          '__tests__/definition.test.ts',
          'identifyUser/__tests__/perform-batch.test.ts',
          'identifyUser/__tests__/send-batch.test.ts'
        ])
      )
      // Its jest takes every other file below __tests__ for a test.
      const helpers = files.filter((file) => file.includes('__tests__/') && !/\.test\.ts(\.snap)?$/.test(file))
      for (const file of helpers) expect(file).toContain('__tests__/__helpers__/')
      expect(readFileSync(join(dopt, 'metadata.json'))).toEqual(readFileSync(join(root, 'manifest.json')))
      for (const file of files) expect(readFileSync(join(dopt, file), 'utf8')).not.toMatch(/ from '\.[^']*\.js'/)

      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions: { ...COMPILER_OPTIONS, outDir: 'dist' }, include: ['destinations'] })
      )
      const compiled = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
      expect(compiled).toMatchObject({ status: 0, stdout: '', stderr: '' })
      expect(existsSync(join(folder, 'dist/identifyUser/index.js'))).toBe(true)
    }))

  it('replaces an earlier export whole', () =>
    withTempDir((folder) => {
      run(folder)
      const stale = join(folder, 'destinations/dopt/stale.ts')
      writeFileSync(stale, '')
      expect(run(folder)).toMatchObject({ status: 0 })
      expect(existsSync(stale)).toBe(false)
    }))

  it('leaves a folder alone that contains something else', () =>
    withTempDir((folder) => {
      const file = join(folder, 'destinations/dopt/notes.txt')
      mkdirSync(join(folder, 'destinations/dopt'), { recursive: true })
      writeFileSync(file, 'mine')
      const { status, stderr } = run(folder)
      expect(status).toBe(2)
      expect(stderr).toContain('contains something else')
      expect(readFileSync(file, 'utf8')).toBe('mine')
    }))

  it('asks for a folder', () => {
    expect(run()).toMatchObject({ status: 2, stderr: 'Usage: npm run export:segment -- DIR\n' })
  })
})
