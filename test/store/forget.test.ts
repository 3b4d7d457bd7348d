import { existsSync, readFileSync } from 'node:fs'
import { withSender } from '../helpers/with-sender.js'

const SECRET = 'ada.lovelace.4711@example.com'

function bytesOf(location: string): Buffer {
  return Buffer.concat(
    ['', '-wal', '-shm']
      .map((end) => location + end)
      .filter(existsSync)
      .map((file) => readFileSync(file))
  )
}

test('after forget no byte of the user is left in the database or its WAL, and everybody else is', async () => {
  await withSender({}, async ({ store, sender, accept, dopt }) => {
    dopt.answer = (users) =>
      users.some(({ identifier }) => identifier === 'ada-4711')
        ? { outcome: 'split', status: 400, code: 'invalid_request_error', message: `${SECRET} is taken` }
        : { outcome: 'delivered', status: 200 }
    for (let round = 0; round < 20; round++) {
      await accept(
        ['ada-4711', { email: SECRET, bio: `${SECRET} `.repeat(400), round }],
        [`other-${round}`, { email: `other-${round}@example.com` }]
      )
    }
    await store.accept({
      events: [],
      rejections: [
        {
          source: 'x:1',
          reason: 'traits is a string, not an object',
          raw: `{"userId":"ada-4711","traits":"${SECRET}"}`,
          ...{ complete: true, receivedAt: 1 }
        }
      ],
      ignored: {}
    })
    await sender.start()
    await sender.drain()
    // What retention keeps of names is the user's too.
    while ((await store.pruneStep({ deliveredBefore: Number.MAX_SAFE_INTEGER })).more);
    await accept(['ada-4711', { email: SECRET, pending: true }])
    expect(bytesOf(store.location).includes(SECRET)).toBe(true)

    expect(await store.forget('ada-4711')).toEqual({ events: 21, rejections: 1 })
    const bytes = bytesOf(store.location)
    expect(bytes.includes(SECRET)).toBe(false)
    expect(bytes.includes('ada-4711')).toBe(false)

    const books = await store.books()
    expect(books.removed).toBe(21)
    expect(books.rejected).toBe(0)
    expect(books.events.delivered).toBe(20)
    const counted = Object.values(books.events as unknown as Record<string, number>).reduce(
      (sum, count) => sum + count,
      0
    )
    expect(counted + books.removed).toBe(books.intake.accepted)
    await sender.drain()
    expect((await store.books()).events.pending).toBe(0)
  })
})

test('forgetting a user whose batch waits for a retry leaves the others of the batch to be delivered', async () => {
  await withSender({}, async ({ store, sender, accept, dopt, clock }) => {
    dopt.answer = () => ({ outcome: 'retry', status: 500 })
    await accept(['ada', { plan: 'pro' }], ['eve', { plan: 'free' }])
    await sender.start()
    await sender.drain()
    await store.forget('ada')
    dopt.answer = () => ({ outcome: 'delivered', status: 200 })
    await clock.advance(60_000)
    expect([...dopt.users.keys()]).toEqual(['eve'])
    // The user may come back, and does not wait for a batch that is long gone.
    await accept(['ada', { plan: 'new' }])
    await sender.drain()
    expect(dopt.users.get('ada')).toEqual({ plan: 'new' })
  })
})

test('after forget nothing is left of what retention had kept of a user either', async () => {
  await withSender({}, async ({ store, sender, accept }) => {
    await accept(['ada-4711', { favourite_colour: 'blue' }], ['bob-4711', { plan: 'pro' }])
    await sender.start()
    await sender.drain()
    while ((await store.pruneStep({ deliveredBefore: Number.MAX_SAFE_INTEGER })).more);
    expect(bytesOf(store.location).includes('favourite_colour')).toBe(true)
    await store.forget('ada-4711')
    const bytes = bytesOf(store.location)
    expect(['ada-4711', 'favourite_colour', 'bob-4711'].map((text) => bytes.includes(text))).toEqual([
      false,
      false,
      true
    ])
  })
})

test('forgetting somebody unknown changes nothing', async () => {
  await withSender({}, async ({ store, accept }) => {
    await accept(['ada', { plan: 'pro' }])
    expect(await store.forget('nobody')).toEqual({ events: 0, rejections: 0 })
    expect((await store.books()).events.pending).toBe(1)
  })
})

test("after forget nothing is left of Dopt's words either, however they spelt what they repeat", async () => {
  await withSender({}, async ({ store, sender, accept, dopt }) => {
    const words = 'phone 4915112345678 at "12 Elm Street, Rome" is not acceptable'
    dopt.answer = (users) =>
      users.some(({ identifier }) => identifier === 'ada-4711')
        ? { outcome: 'split', status: 400, code: 'wrong: 12 Elm Street', message: words }
        : { outcome: 'delivered', status: 200 }
    await accept(['ada-4711', { phone: 4915112345678, street: '12  Elm\nStreet, Rome' }], ['bob', { plan: 'pro' }])
    await sender.start()
    await sender.drain()
    expect(bytesOf(store.location).includes('12 Elm Street')).toBe(true)

    const [failed] = await store.listBatches({ state: 'failed', limit: 1 })
    await store.forget('ada-4711')
    for (const text of ['4915112345678', '12 Elm Street']) expect(bytesOf(store.location).includes(text)).toBe(false)
    expect((await store.getBatch(failed?.id ?? 0))?.batch).toMatchObject({ state: 'failed', lastStatus: 400 })
  })
})

test('what Dopt says of a call that was under way while its user was forgotten is not kept', async () => {
  await withSender({}, async ({ store, sender, accept, dopt, clock }) => {
    dopt.latencyMs = 100
    dopt.answer = (users) =>
      users.some(({ identifier }) => identifier === 'ada-4711')
        ? { outcome: 'split', status: 400, code: 'taken', message: `${SECRET} is taken` }
        : { outcome: 'delivered', status: 200 }
    await accept(['ada-4711', { email: SECRET }], ['bob', { plan: 'pro' }])
    await sender.start()
    const drained = sender.drain()
    await clock.advance(50)
    await store.forget('ada-4711')
    await clock.advance(5000)
    await drained
    expect(dopt.calls.map(({ identifiers }) => [...identifiers].sort())).toEqual([['ada-4711', 'bob'], ['bob']])
    expect(bytesOf(store.location).includes(SECRET)).toBe(false)
  })
})
