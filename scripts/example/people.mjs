/** The invented people of the example; any resemblance to real ones is accidental. */
import { uuid } from './chance.mjs'

export const USERS = 300
export const START_MS = Date.UTC(2026, 9, 1)
export const MONTH_MS = 31 * 24 * 3_600_000

const NAMES = [
  ['Ann', 'Visser'],
  ['Bob', 'Okafor'],
  ['Zoë', 'Müller'],
  ['José', 'Núñez'],
  ['Siobhán', "O'Neill"],
  ['Łukasz', 'Żak'],
  ['さくら', '田中'],
  ['王', '小明'],
  ['지우', '김'],
  ['ليلى', 'الحسن'],
  ['נועה', 'לוי'],
  ['Мария', 'Иванова'],
  ['Ελένη', 'Παπαδοπούλου'],
  ['आरव', 'शर्मा'],
  ['Nguyễn', 'Ánh'],
  ['Bjo\u0308rn', 'A\u030Angstro\u0308m'],
  ['Mo 🚀', 'Rocket'],
  ['👩🏽‍💻 Dee', 'Dev'],
  ['Jean-Luc', 'de la Tour'],
  ['X Æ', 'Null'],
  ['Kwame', 'Mensah'],
  ['Priya', 'Nair'],
  ['Tom', 'Smith']
]
const COMPANIES = [
  ['Lumen & Sons', 'finance'],
  ['北海テック', 'software'],
  ['شركة النور', 'retail'],
  ['Größer GmbH', 'logistics'],
  ['Acme "Rockets", Inc.', 'aerospace'],
  ['Café Émile', 'hospitality'],
  ['Nimbus Labs', 'software'],
  ['Ólafur ehf.', 'energy']
]
const CITIES = [
  ['Utrecht', 'NL', 52.0907, 5.1214],
  ['São Paulo', 'BR', -23.5505, -46.6333],
  ['東京', 'JP', 35.6762, 139.6503],
  ['القاهرة', 'EG', 30.0444, 31.2357],
  ['Zürich', 'CH', 47.3769, 8.5417],
  ['Reykjavík', 'IS', 64.1466, -21.9426]
]
const LOCALES = ['nl-NL', 'pt-BR', 'ja-JP', 'ar-EG', 'de-CH', 'is-IS', 'en-US']

/** A person, and what changes with their events: clock, logins, plan, email address. */
export function person(index, chance) {
  const [first, last] = NAMES[index % NAMES.length]
  const [company, industry] = chance.pick(COMPANIES)
  const [city, country, lat, lng] = chance.pick(CITIES)
  return {
    userId: userIdOf(index, chance),
    anonymousId: uuid(chance),
    // Back offices write snake_case, web apps camelCase; a person's events come from one of them.
    snake: index % 3 === 0,
    first,
    last,
    email: `person${index}@example.${index % 2 ? 'com' : 'org'}`,
    company: { id: `org_${chance.below(60)}`, name: company, industry, employees: 1 + chance.below(5_000) },
    address: {
      street: `${1 + chance.below(200)} Example Street`,
      city,
      postalCode: `${1000 + chance.below(9000)}`,
      country
    },
    geo: { lat, lng },
    createdMs: START_MS - chance.below(900) * 86_400_000,
    clockMs: START_MS + chance.below(MONTH_MS / 2),
    logins: chance.below(50),
    plan: chance.below(2),
    locale: chance.pick(LOCALES),
    ip: `203.0.113.${1 + chance.below(254)}`
  }
}

/** Mostly database ids, and some odd ones, as in every real system. */
function userIdOf(index, chance) {
  const odd = [
    'bulk',
    'segment',
    '..',
    'team/ünal?x=1#y',
    '100%',
    'person5@example.com',
    '漢字-7',
    ' padded ',
    '0042',
    '__proto__'
  ]
  if (index % 29 === 5 && odd[(index - 5) / 29] !== undefined) return odd[(index - 5) / 29]
  if (index % 5 === 1) return uuid(chance)
  return index % 5 === 2 ? String(10_000 + index) : `usr_${chance.hex(10)}`
}
