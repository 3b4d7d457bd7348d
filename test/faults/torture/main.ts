/**
 * `npm run torture -- --rounds 1000 [--seed N] [--groups]`: the real program against the real sandbox while everything goes wrong.
 * Ends with 1, and the folder kept, when anything was lost, sent twice, or taken backwards.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Torture } from './torture.js'

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '1000' },
      seed: { type: 'string' },
      groups: { type: 'boolean', default: false }
    }
  })
  const rounds = Number(values.rounds)
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
  if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
    console.error('usage: npm run torture -- [--rounds N] [--seed N] [--groups]')
    process.exitCode = 2
    return
  }
  const dir = mkdtempSync(join(tmpdir(), 'dopt-torture-'))
  console.log(`${rounds} rounds ${values.groups ? 'with groups and ' : ''}with the seed ${seed} in ${dir}`)
  try {
    await Torture.run({ rounds, seed, groups: values.groups, dir, say: (line) => console.log(line) })
    rmSync(dir, { recursive: true, force: true })
  } catch (error) {
    console.error(error)
    console.error(
      `failed: again with --rounds ${rounds} --seed ${seed}${values.groups ? ' --groups' : ''}; what was left is in ${dir}`
    )
    process.exitCode = 1
  }
}

void main()
