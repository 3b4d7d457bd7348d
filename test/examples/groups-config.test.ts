import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { usersOf, withDesk } from '../cli/desk.js'
import { foldEvents } from '../helpers/independent-fold.js'

const examples = join(__dirname, '../../examples')
const EVENTS = join(examples, 'identify-events.ndjson')
const CONFIG = join(examples, 'groups.config.json')

describe('examples/groups.config.json', () => {
  it('brings the groups of the recorded events to Dopt, and who is in them, beside the users', () =>
    withDesk(async ({ run, sandbox }) => {
      const { code, json } = await run(['forward', EVENTS, '--config', CONFIG, '--json'])

      const wanted = foldEvents(readFileSync(EVENTS, 'utf8').split('\n'), { groups: true })
      expect(code).toBe(0)
      expect(json()).toMatchObject({ rejected: 0, failed: 0, pending: 0 })
      expect(usersOf(sandbox)).toEqual(Object.fromEntries(wanted.users))
      expect(sandbox.groups).toEqual(wanted.groups)
      expect(sandbox.memberships).toEqual(wanted.memberships)
      expect(wanted.groups.size).toBeGreaterThan(10)
    }))
})
