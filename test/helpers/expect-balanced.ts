import type { Books } from '../../src/store/store.js'

function sum(counts: object): number {
  return Object.values(counts).reduce<number>((total, count) => total + Number(count), 0)
}

/** Law 2: every event accepted is in exactly one state or was removed, and everything that came in is accounted for. */
export function expectBalanced({ events, removed, intake }: Books): void {
  expect({ accepted: sum(events) + removed }).toEqual({ accepted: intake.accepted })
  const { received, accepted, duplicates, rejected, ignored } = intake
  expect({ received: accepted + duplicates + rejected + sum(ignored) }).toEqual({ received })
  for (const count of Object.values(events)) expect(count).toBeGreaterThanOrEqual(0)
}
