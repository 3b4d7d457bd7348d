/**
 * Accepts events without end into the store named on its command line, and prints the message ids of each lot once its
 * receipt has come. It is for being killed. It runs the compiled program, so that it is quickly at work.
 */
import { createForwarder } from '../../dist/index.js'

const [file, name] = process.argv.slice(2)
const forwarder = await createForwarder({ store: file, send: false })
let made = 0

async function acceptWithoutEnd(lot) {
  for (;;) {
    const events = Array.from({ length: lot }, () => {
      const number = made++
      return { type: 'identify', messageId: `${name}-${number}`, userId: `user ${number % 50}`, traits: { number } }
    })
    const { accepted } = await forwarder.accept(events)
    process.stdout.write(`${accepted} ${events.map(({ messageId }) => messageId).join(' ')}\n`)
  }
}

// Several at a time share a commit, as requests do that come together.
await Promise.all([1, 2, 5, 40].map(acceptWithoutEnd))
