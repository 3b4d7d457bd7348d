/**
 * The calls that `record-example.mjs` makes: one month of identify calls by invented people, with the disorder of real
 * traffic. All of it comes from one seed, so that recording again gives the same calls.
 */

import { chanceFrom, uuid } from './chance.mjs'
import { MONTH_MS, person, START_MS, USERS } from './people.mjs'

const SEED = 20_261_001
const IDENTIFIES = 1_200

const PLANS = ['free', 'trial', 'pro', 'enterprise']
const ROLES = ['owner', 'admin', 'editor', 'viewer', 'billing']
/** @returns {{ method: string, params: object }[]} calls of the SDK, in the order in which they are made. */
export function exampleCalls() {
  const chance = chanceFrom(SEED)
  const people = Array.from({ length: USERS }, (_, index) => person(index, chance))
  const calls = []
  for (let made = 0; made < IDENTIFIES; made++) {
    // Everybody once; after that, some people are seen far more often than others.
    const who = people[made < USERS ? made : Math.floor(USERS * chance.next() ** 2)]
    calls.push(identify(who, made, chance))
  }
  calls.push(...anonymousIdentifies(40, chance), ...otherCalls(people, 100, chance))
  return inOrderOfArrival(calls, chance).map(({ method, params }) => ({
    method,
    params: { ...params, messageId: messageId(params.timestamp, chance) }
  }))
}

function identify(who, made, chance) {
  // A later event of the same person, at times within the same instant.
  if (!chance.one(0.06)) who.clockMs += 1 + chance.below((START_MS + MONTH_MS - who.clockMs) / 6)
  who.logins += chance.below(4)
  if (chance.one(0.2)) who.plan = Math.min(who.plan + 1, PLANS.length - 1)
  if (chance.one(0.03)) who.email = `renamed${made}@example.com`
  const params = { userId: who.userId, timestamp: new Date(who.clockMs).toISOString(), context: contextOf(who, chance) }
  if (chance.one(0.3)) params.anonymousId = who.anonymousId
  const integrations = integrationsFor(made)
  if (integrations !== undefined) params.integrations = integrations
  // A bare identify is how many applications say "this person is here".
  if (!chance.one(0.03)) params.traits = who.snake ? snakeTraits(who, chance) : camelTraits(who, chance)
  return { method: 'identify', params }
}

function camelTraits(who, chance) {
  const traits = { firstName: who.first, lastName: who.last, name: `${who.first} ${who.last}`, email: who.email }
  if (chance.one(0.1)) delete traits.name
  if (chance.one(0.5)) traits.createdAt = new Date(who.createdMs).toISOString()
  if (chance.one(0.6)) traits.plan = PLANS[who.plan]
  if (chance.one(0.5)) traits.loginCount = who.logins
  if (chance.one(0.4)) traits.company = { ...who.company, plan: PLANS[who.plan] }
  if (chance.one(0.3)) traits.address = chance.one(0.3) ? { ...who.address, geo: who.geo } : who.address
  if (chance.one(0.3)) traits.isAdmin = chance.one(0.3)
  if (chance.one(0.2)) traits.roles = ROLES.filter(() => chance.one(0.3))
  if (chance.one(0.1)) traits.phone = chance.one(0.4) ? null : `+1-202-555-01${10 + chance.below(90)}`
  if (chance.one(0.1)) traits.trialEndsAt = chance.one(0.5) ? null : '2026-11-15'
  if (chance.one(0.1))
    traits.preferences = {
      theme: chance.pick(['dark', 'light']),
      notifications: { email: chance.one(0.5), digest: null }
    }
  if (chance.one(0.05)) traits.avatar = `https://example.com/avatars/${chance.hex(8)}.png?size=64&v=2`
  if (chance.one(0.04)) traits.company = {}
  if (chance.one(0.03)) traits.company_name = 'As the CRM spells it'
  if (chance.one(0.03)) traits.title = ''
  return traits
}

function snakeTraits(who, chance) {
  const traits = { first_name: who.first, last_name: who.last, email: chance.one(0.04) ? null : who.email }
  if (chance.one(0.5))
    traits.created_at = chance.one(0.3) ? Math.floor(who.createdMs / 1000) : new Date(who.createdMs).toISOString()
  if (chance.one(0.6)) traits.plan = PLANS[who.plan]
  if (chance.one(0.4)) traits.login_count = who.logins
  if (chance.one(0.3)) traits.mrr = Math.round(chance.next() * 90_000) / 100
  if (chance.one(0.2)) traits.balance = -chance.below(500)
  if (chance.one(0.3)) traits.is_churn_risk = chance.one(0.2)
  if (chance.one(0.3))
    traits.address = { line1: who.address.street, city: who.address.city, state: null, country: who.address.country }
  if (chance.one(0.2))
    traits.tags = [chance.pick(['vip', 'beta', 'e\u0301te\u0301']), { source: 'crm', score: chance.below(100) }]
  if (chance.one(0.1)) traits.last_nps = chance.one(0.3) ? null : chance.below(11)
  if (chance.one(0.05)) traits['Lead Source'] = 'Trade fair, Zürich'
  if (chance.one(0.05)) traits['utm.campaign'] = 'autumn-🍂'
  if (chance.one(0.04))
    traits.description = 'First line\nsecond line\twith a tab, a "quote" and a back\\slash. '.repeat(3)
  if (chance.one(0.03)) traits.address_city = 'as typed by sales'
  return traits
}

/** A few events exclude Dopt, in each possible way, and a few name it without excluding it. */
function integrationsFor(made) {
  const ways = [
    { All: false },
    { Dopt: false },
    { All: false, Amplitude: true },
    { All: true, 'Dopt (Actions)': false },
    { All: false, Dopt: true },
    { All: false, 'Dopt (Actions)': { workspace: 'example' } },
    { Amplitude: false, Intercom: { hideDefaultLauncher: true } }
  ]
  return made % 37 === 11 ? ways[Math.floor(made / 37) % ways.length] : undefined
}

function contextOf(who, chance) {
  const context = { ip: who.ip, locale: who.locale }
  if (chance.one(0.4))
    context.userAgent =
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'
  if (chance.one(0.2)) context.page = { path: '/settings', url: 'https://app.example.com/settings', title: 'Settings' }
  if (chance.one(0.1)) context.campaign = { name: 'autumn', source: 'newsletter', medium: 'email' }
  return context
}

function anonymousIdentifies(count, chance) {
  return Array.from({ length: count }, () => ({
    method: 'identify',
    params: {
      anonymousId: uuid(chance),
      timestamp: anyTime(chance),
      traits: chance.one(0.7) ? { email: `visitor${chance.below(1_000)}@example.com`, newsletter: chance.one(0.5) } : {}
    }
  }))
}

function otherCalls(people, count, chance) {
  return Array.from({ length: count }, (_, index) => {
    const who = chance.pick(people)
    const common = { userId: who.userId, timestamp: anyTime(chance) }
    if (index % 10 < 5) {
      const context = { ...contextOf(who, chance), traits: { email: who.email, plan: 'seen on a track call' } }
      return {
        method: 'track',
        params: { ...common, context, event: 'Report Exported', properties: { rows: chance.below(9_000) } }
      }
    }
    if (index % 10 < 7)
      return {
        method: 'page',
        params: { ...common, category: 'Docs', name: 'Pricing', properties: { path: '/pricing' } }
      }
    if (index % 10 < 8) return { method: 'screen', params: { ...common, name: 'Home', properties: { variant: 'b' } } }
    if (index === 9) return { method: 'alias', params: { ...common, previousId: who.anonymousId } }
    return {
      method: 'group',
      params: { ...common, groupId: who.company.id, traits: { name: who.company.name, plan: PLANS[who.plan] } }
    }
  })
}

/** By time, except that some calls are delayed, as by a phone without reception or a stuck queue. */
function inOrderOfArrival(calls, chance) {
  return calls
    .map((call) => ({
      call,
      arrivesMs: Date.parse(call.params.timestamp) + (chance.one(0.12) ? chance.below(12 * 86_400_000) : 0)
    }))
    .sort((a, b) => a.arrivesMs - b.arrivesMs)
    .map(({ call }) => call)
}

function anyTime(chance) {
  return new Date(START_MS + chance.below(MONTH_MS)).toISOString()
}

/** In the SDK's format, but the same in every recording. */
function messageId(timestamp, chance) {
  return `node-next-${Date.parse(timestamp)}-${uuid(chance)}`
}
