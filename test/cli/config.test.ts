import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Config } from '../../src/cli/config.js'
import {
  byteSize,
  choice,
  duration,
  flag,
  milliseconds,
  pointInTime,
  share,
  text,
  texts,
  whole,
  type AnySetting
} from '../../src/cli/setting.js'
import { withTempDir } from '../helpers/temp-dir.js'

const SIZE = whole({ key: 'size', flag: '--size <n>', env: 'SIZE', help: '' }, 1, 9)
const NAME = text({ key: 'name', flag: '--name <text>', env: 'NAME', help: '' })
const SECRET = { ...choice({ key: 'secret', flag: '--secret <x>', env: 'SECRET', help: '' }, ['right']), secret: true }
const KEYS = texts({ key: 'keys', flag: '--keys <key>', env: 'KEYS', help: '' })
const ONCE = flag('once', '--once', '')
const KNOWN: readonly AnySetting[] = [SIZE, NAME, SECRET, KEYS, ONCE]

/** Loads the configuration with a config file of this content, if any. */
async function withConfig(
  content: string | undefined,
  { flags = {}, env = {} }: { flags?: Record<string, unknown>; env?: Record<string, string> },
  use: (load: () => Config) => void
): Promise<void> {
  await withTempDir((dir) => {
    const file = join(dir, 'c.json')
    if (content !== undefined) writeFileSync(file, content)
    use(() => Config.load({ flags: { ...flags, ...(content !== undefined && { config: file }) }, env, known: KNOWN }))
  })
}

describe('the configuration', () => {
  it('prefers flags to the environment, and that to the file, and says where a value came from', () =>
    withConfig('{"size": 3, "name": "file"}', { flags: { size: '1' }, env: { SIZE: '2', NAME: 'env' } }, (load) => {
      const config = load()
      expect([config.get(SIZE), config.sourceOf(SIZE)]).toEqual([1, 'flag'])
      expect([config.get(NAME), config.sourceOf(NAME)]).toEqual(['env', 'environment'])
    }))

  it('treats an empty variable as not set', () =>
    withConfig('{"size": 3}', { env: { SIZE: '' } }, (load) => {
      expect([load().get(SIZE), load().sourceOf(SIZE)]).toEqual([3, 'file'])
    }))

  it('reads several values of a repeatable setting from one variable, separated by commas', () =>
    withConfig('{"keys": ["of, the", "file"], "name": "a, b"}', { env: { KEYS: 'new, old ' } }, (load) => {
      expect(load().get(KEYS)).toEqual(['new', 'old'])
      expect(load().get({ ...KEYS, env: 'OTHER' })).toEqual(['of, the', 'file'])
      expect(load().get(NAME)).toBe('a, b')
    }))

  it('has no value for what was not set', () =>
    withConfig(undefined, {}, (load) => {
      expect([load().get(SIZE), load().sourceOf(SIZE), load().file]).toEqual([undefined, undefined, undefined])
    }))

  it('says where an invalid value came from, and prints no secret', () =>
    withConfig('{"size": "ten"}', { env: { SECRET: 'hush' } }, (load) => {
      expect(() => load().get(SIZE)).toThrow(/^"size" in .*c\.json must be a whole number from 1 to 9, not ten$/)
      expect(() => load().get(SECRET)).toThrow(/^SECRET must be right$/)
    }))

  it.each(['{"once": true}', '{"__proto__": 1}', '{"Size": 1}', '{"config": "x"}'])('refuses the file %s', (content) =>
    withConfig(content, {}, (load) => {
      expect(load).toThrow(/unknown setting ".*"; the settings are keys, name, secret, size$/)
    })
  )

  it('names all unknown settings of the file at once', () =>
    withConfig('{"Size": 1, "size": 2, "nmae": "x"}', {}, (load) => {
      expect(load).toThrow(/unknown settings "Size", "nmae"; the settings are/)
    }))

  it('reads a file with a byte-order mark', () =>
    withConfig('\ufeff{"size": 3}', {}, (load) => {
      expect(load().get(SIZE)).toBe(3)
    }))
})

describe('a setting', () => {
  const about = { key: 'k', flag: '--k <x>', help: '' }

  it.each<[string, AnySetting, unknown[], unknown[]]>([
    ['whole', whole(about, 0, 5), ['3', 3], ['', ' 3', '3.5', '6', -1, NaN, '0x3', true, null]],
    ['share', share(about), ['0.5', 0.5], ['1.5', '-1', '.5', 'half', {}]],
    ['duration', duration(about), ['72h', '3d'], [30, -1, 1.5, null, true]],
    ['duration with ends', duration(about, [1, 2000]), ['2s', '2000ms'], [0, '0', '3s', 2000]],
    ['milliseconds', milliseconds(about, [0, 2000]), ['2s', '2000', 2000], ['3s', -1, 1.5, null]],
    ['byteSize', byteSize(about), ['2kb', 2048], [-1, 1.5, []]],
    ['byteSize with ends', byteSize(about, [1, 2048]), ['2kb', 2048], [0, '0', '3kb']],
    ['text', text(about), ['x'], ['', 5, null]],
    ['choice', choice(about, ['a', 'b']), ['a'], ['c', 'A', null]],
    ['flag', flag('k', '--k', ''), [true], ['true', 1]]
  ])('%s takes what it should and nothing else', (_, setting, good, bad) => {
    const [first] = good.map((value) => setting.parse(value))
    expect(first).toBeDefined()
    for (const value of good) expect(setting.parse(value)).toEqual(first)
    for (const value of bad) expect(setting.parse(value)).toBeUndefined()
  })

  it('texts is a list, also with one value', () => {
    expect(texts(about).parse('a')).toEqual(['a'])
    expect(texts(about).parse(['a', 'b'])).toEqual(['a', 'b'])
    expect(texts(about).parse(['a', 1])).toBeUndefined()
  })

  it('pointInTime is a time, or how long ago it was', () => {
    const setting = pointInTime(about)
    expect(setting.parse('2026-10-01T12:00:00Z')).toBe(Date.UTC(2026, 9, 1, 12))
    expect(Number(setting.parse('24h'))).toBeCloseTo(Date.now() - 86_400_000, -3)
    expect(() => setting.parse('yesterday\n')).toThrow('"yesterday␊" is not a time: ')
    expect(() => setting.parse('2026-99-99')).toThrow(' is not a time: ')
  })
})
