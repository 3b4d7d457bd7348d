/** Keeps at most `limit` tasks under way: `start` waits for room, `finish` for all of them. Both fail when a task has. */
export function atMost(limit) {
  const underWay = new Set()
  return {
    async start(task) {
      while (underWay.size >= limit) await Promise.race(underWay)
      const work = task().then(() => underWay.delete(work))
      underWay.add(work)
    },
    finish: () => Promise.all(underWay)
  }
}
