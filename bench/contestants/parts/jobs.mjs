/** What the job queues have in common: what a job holds, and what becomes of it. */
import { jobOf, readEvents, toUsers } from './events.mjs'

const EVENTS_A_TRANSACTION = 1000

/** How many jobs are under way at a time, by the number of events in each: as many calls as the contestants without a store. */
export const WORKERS = { 1: 32, 100: 8 }

/** The jobs of a file, each a list of events, in the groups in which they are added. */
export async function* jobsOf(input, eventsAJob) {
  for await (const group of readEvents(input, EVENTS_A_TRANSACTION)) {
    const events = group.map(jobOf)
    const jobs = []
    for (let at = 0; at < events.length; at += eventsAJob) jobs.push(events.slice(at, at + eventsAJob))
    yield jobs
  }
}

/** One event goes to the endpoint for one user, several to the one for many. */
export async function runJob(client, events) {
  if (events.length === 1) await client.postOne(events[0])
  else await client.postMany(toUsers(events))
}
