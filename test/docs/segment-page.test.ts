import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { destination, GROUPS_NEED_BATCH } from '../../src/destination/index.js'
import { NO_GROUP_IDENTIFIER } from '../../src/destination/identify-group/group-update.js'
import { NO_IDENTIFIER } from '../../src/destination/identify-user/user-update.js'
import { explain } from '../../src/destination/verdict.js'

const page = readFileSync(resolve(__dirname, '../../docs/segment.md'), 'utf8')
/** Cells of tables are padded. */
const text = page.replace(/ +/g, ' ')
const { actions, authentication, presets } = destination

describe('docs/segment.md', () => {
  test('describes every setting, action and field in the words of the definition', () => {
    for (const { label, description } of Object.values(authentication?.fields ?? {})) {
      expect(text).toContain(`| ${label} |`)
      expect(text).toContain(description)
    }
    for (const { title, description, defaultSubscription, fields } of Object.values(actions)) {
      const section = text.slice(text.indexOf(`### ${title}`))
      expect(section).toContain(`${description} Default trigger: \`${defaultSubscription}\``)
      for (const { label, description: words, properties = {} } of Object.values(fields)) {
        expect(section).toContain(`| ${label} |`)
        expect(section).toContain(words)
        for (const inner of Object.values(properties)) {
          expect(section).toContain(`| ${label} › ${inner.label} |`)
          expect(section).toContain(inner.description)
        }
      }
    }
  })

  test('names every preset', () => {
    for (const { name } of presets ?? []) expect(text).toContain(`| ${name} |`)
  })

  test('tells what to do about every message', () => {
    const answer = { status: 0, body: '' }
    const outcomes = ['retry', 'split', 'pause', 'misdirected', 'reject'] as const
    const said = outcomes.map((outcome) => explain({ outcome, status: 0, answer, users: [] }, 'key'))
    for (const message of [...said, NO_IDENTIFIER, NO_GROUP_IDENTIFIER, GROUPS_NEED_BATCH]) {
      const [first = ''] = message.split('.')
      expect(text).toContain(first.replace(/\(.*\)/, '(…)'))
    }
  })
})
