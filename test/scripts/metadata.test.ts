import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { destination } from '../../src/destination/index.js'

const root = resolve(__dirname, '../..')

/** The script's own functions, which are ES modules that a test cannot require. */
function metadataOf(definition: object): unknown {
  const program = `import { metadataOf } from './scripts/segment/metadata.mjs'
let text = ''
for await (const chunk of process.stdin) text += chunk
process.stdout.write(JSON.stringify(metadataOf(JSON.parse(text))))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    encoding: 'utf8',
    input: JSON.stringify(definition)
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

const field = { label: 'L', description: 'D.', type: 'string' }
const action = { title: 'A', description: 'D.', fields: {} }

/** A definition with the one action `a`, whose one field is `f`. */
const withField = (f: object) => ({
  slug: 'actions-x',
  name: 'X',
  mode: 'cloud',
  description: 'D.',
  authentication: { scheme: 'custom', fields: {} },
  actions: { a: { ...action, fields: { f } } }
})

const fieldOf = (f: object): unknown =>
  (metadataOf(withField(f)) as { actions: { a: { fields: { f: unknown } } } }).actions.a.fields.f

describe('the metadata of the destination', () => {
  it('is in manifest.json with everything that the definition says, rebuilt here key by key', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'manifest.json'), 'utf8')) as Record<string, unknown>
    const { slug, name, mode, description, authentication, actions, presets } = destination
    expect(Object.keys(manifest)).toEqual([
      'slug',
      'name',
      'mode',
      'description',
      'authentication',
      'audienceConfig',
      'actions',
      'presets'
    ])
    expect(manifest).toMatchObject({
      ...{ slug, name, mode, description, audienceConfig: null },
      authentication: { scheme: 'custom', fields: withoutFunctions(authentication?.fields) },
      actions: withoutFunctions(actions),
      presets: presets?.map((preset) => ({ ...preset, eventSlug: null }))
    })
    for (const { hasPerformBatch } of Object.values(manifest.actions as Record<string, { hasPerformBatch: boolean }>)) {
      expect(hasPerformBatch).toBe(true)
    }
  })

  it('says null or false of what a field leaves out, in the order of Segment', () => {
    expect(Object.entries(fieldOf(field) as object)).toEqual([
      ['label', 'L'],
      ['description', 'D.'],
      ['type', 'string'],
      ['required', false],
      ['multiple', false],
      ['allowNull', false],
      ['dynamic', false],
      ['default', null],
      ['choices', null],
      ['placeholder', null],
      ['properties', null],
      ['category', null],
      ['depends_on', null],
      ['readOnly', null],
      ['hidden', null],
      ['minimum', null],
      ['maximum', null],
      ['defaultObjectUI', null],
      ['disabledInputMethods', null],
      ['displayMode', null],
      ['format', null],
      ['additionalProperties', false]
    ])
  })

  const conditions = { conditions: [{ fieldKey: 'g', operator: 'is', value: true }] }
  it.each<[string, object, object]>([
    ['bare choices their own labels', { choices: ['a', 7] }, { choices: [choice('a'), { label: '7', value: 7 }] }],
    ['an empty list of choices none', { choices: [] }, { choices: null }],
    ['conditions for being required', { required: conditions }, { required: conditions }],
    ['what is hidden by its other name', { unsafe_hidden: true }, { hidden: true }],
    ['the fields of an object', { type: 'object', properties: { p: field } }, { properties: { p: fieldOf(field) } }],
    ['no fields of what is no object', { properties: { p: field } }, { properties: null }]
  ])('makes %s', (_what, given, expected) => {
    expect(fieldOf({ ...field, ...given })).toMatchObject(expected)
  })

  it('leaves the trigger out of a preset for a specific event', () => {
    const preset = { name: 'P', type: 'specificEvent', partnerAction: 'a', mapping: {}, eventSlug: 's' }
    expect(metadataOf({ ...withField(field), presets: [preset] })).toMatchObject({ presets: [preset] })
    expect(metadataOf({ ...withField(field), presets: [preset] })).not.toHaveProperty('presets.0.subscribe')
  })
})

function choice(value: string): object {
  return { label: value, value }
}

/** What of the definition is data. */
function withoutFunctions(value: unknown): object {
  return JSON.parse(JSON.stringify(value)) as object
}
