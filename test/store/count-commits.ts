import { readFileSync } from 'node:fs'

const WAL_HEADER = 32
const FRAME_HEADER = 24

/**
 * How many transactions have been committed to a database's WAL since it was last begun anew. A frame that ends a
 * transaction holds the size of the database in its header; the frames of an earlier round have another salt.
 */
export function countCommits(databaseFile: string): number {
  const wal = readFileSync(`${databaseFile}-wal`)
  if (wal.length < WAL_HEADER) return 0
  const pageSize = wal.readUInt32BE(8)
  const salt = wal.subarray(16, 24)
  let commits = 0
  for (let at = WAL_HEADER; at + FRAME_HEADER <= wal.length; at += FRAME_HEADER + pageSize) {
    if (!wal.subarray(at + 8, at + 16).equals(salt)) break
    if (wal.readUInt32BE(at + 4) > 0) commits++
  }
  return commits
}
