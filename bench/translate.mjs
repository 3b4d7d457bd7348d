/**
 * How many events a second become users, on one core: the mapping as Segment's own pipeline runs it, and flattening, in
 * batches of 100. No file, no JSON to parse, no store.
 */
import { Translator } from '../dist/translate/translator.js'
import { makeEvents } from './generate.mjs'

export const BATCH = 100

/** Objects and lists in the traits have to be flattened, and looked through before that. */
const WITH_NESTED = ({ traits, ...event }) => ({
  ...event,
  traits: {
    ...traits,
    address: { city: traits.country, geo: { lat: traits.seats, lon: -traits.seats } },
    company: { name: traits.name, plan: traits.plan },
    tags: [traits.plan, traits.country]
  }
})

/** Returns `[{ title, rounds: [{ seconds, cpuSeconds }] }]`. Throws when an event does not become the user that it names. */
export async function measureTranslation({ events, users, rounds }) {
  const flat = Array.from(makeEvents({ events, users }))
  const inputs = { 'flat traits': flat, 'nested traits': flat.map(WITH_NESTED) }
  const translator = new Translator({ nestedProperties: 'flatten' })
  // The first round warms the compiler up and is not counted.
  const results = Object.keys(inputs).map((title) => ({ title, rounds: [] }))
  for (let round = 0; round <= rounds; round++) {
    for (const result of results) {
      const measured = await translateAll(translator, inputs[result.title])
      if (round > 0) result.rounds.push(measured)
    }
  }
  return results
}

async function translateAll(translator, events) {
  const startedAt = performance.now()
  const before = process.cpuUsage()
  for (let index = 0; index < events.length; index += BATCH) {
    const batch = events.slice(index, index + BATCH)
    const translations = await translator.translate(batch, Date.now())
    for (const [place, { event }] of translations.entries()) {
      if (event?.identifier !== batch[place].userId) throw new Error(`event ${index + place} did not become its user`)
    }
  }
  const { user, system } = process.cpuUsage(before)
  return { seconds: (performance.now() - startedAt) / 1000, cpuSeconds: (user + system) / 1e6 }
}
