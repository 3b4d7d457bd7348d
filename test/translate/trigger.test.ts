import { parseSubscriptions } from '../../src/translate/subscriptions.js'
import { problemOfTrigger } from '../../src/translate/trigger.js'

describe('a trigger', () => {
  it.each([
    'type = identify',
    'event = "a == b and c or d"',
    'event = "eos" or event = "="',
    '(type = "track" and event = "x") or type = "identify"',
    'contains(event, "a and b") AND !match(event, "c or d*")',
    'traits.opt-in-or-out = "in" AND (traits.do-not-email = true or traits.age >= 3.0)',
    '(contains(event, "a") and type = "track") and userId != null',
    String.raw`traits.Terms\ and\ Conditions = true and traits.Wow\! = -3`,
    'userId = 5 and traits.x != true and traits.y != null and traits.z = "5"',
    'event = "not [a] !b" and !contains(event, "x")',
    'context.page.path = "/and" and type != "page"'
  ])('may be %s', (trigger) => expect(problemOfTrigger(trigger)).toBeUndefined())

  it.each([
    ['type = ', 'type = "eos"'],
    ['type == "identify"', 'type = "="'],
    ["type = 'identify'", `type = "'identify'"`],
    ['not type = "page"', 'type = "page"'],
    ['!(type = "page")', 'type = "page"'],
    ['userId = "y" and !userId = "x"', 'userId = "y" and userId = "x"'],
    ['userId in ["x", "y"]', 'userId in "["'],
    ['type = "page" and', 'type = "page"'],
    ['type = "page" and messageId = "m"', 'type = "page"'],
    ['event = "a" and (event = "b" or x = 1)', 'event = "a" and event = "b"'],
    ['event = "a" and name = "b" or name = "c"', 'event = "a" or name = "b" or name = "c"'],
    ['traits.plan <> "pro"', 'traits.plan < NaN'],
    ['match(event, "a*b")', 'match(event, "**b")']
  ])('is not %s, which Segment would understand as %s', (trigger, understood) =>
    expect(problemOfTrigger(trigger)).toBe(
      `subscribe would be understood as ${understood}: if that is meant, write that`
    )
  )

  it.each([
    ['type is "identify"', /^subscribe: there is no operator is; use =, !=, /],
    ['traits.plan in "pro"', /^subscribe: there is no operator in; /],
    ['event = "a" and (userId equals "b" or name = "c")', /^subscribe: there is no operator equals; /],
    ['match(traits.email, "*@b*")', /^subscribe: match\(…\) takes one \*, at the beginning or the end /],
    ['!match(event, "*a*c")', /^subscribe: match\(…\) takes one /],
    ['match(event, "a*b*")', /^subscribe: match\(…\) takes one /],
    ['(type = "track" or match(userId, "u*") and traits.plan = "free")', /^subscribe has "and" beside "or": put /]
  ])('is not %s, which would never apply or not as it is written', (trigger, problem) =>
    expect(problemOfTrigger(trigger)).toMatch(problem)
  )

  it('may have several lines, however these end', () => {
    const mapping = { identifier: { '@path': '$.userId' } }
    const subscription = { name: 'All', partnerAction: 'identifyUser', mapping }
    const [parsed] = parseSubscriptions([{ ...subscription, subscribe: 'type = "a"\r\n  and userId = "u"' }], 'bulk')
    expect(parsed?.subscribe).toBe('type = "a"\n  and userId = "u"')
  })
})
