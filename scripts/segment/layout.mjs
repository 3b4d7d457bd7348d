/** Where the files of this project go in action-destinations, below `destinations/dopt`. */

/** The action `identifyUser` is in the folder `identify-user` here, and in `identifyUser` there. */
const camelCase = (name) => name.replace(/-([a-z])/g, (_match, letter) => letter.toUpperCase())

/** Folders are named after actions; files keep their names. */
const foldersInCamelCase = (path) => path.replace(/[^/]+(?=\/)/g, camelCase)

/**
 * The path of one of our files there. Tests live beside what they test, in `__tests__`. What tests share lives in
 * `__tests__/__helpers__`, which jest does not take for tests there.
 */
export function targetOf(path) {
  const [, kind, rest] = /^(src|test)\/destination\/(.+)$/.exec(path) ?? []
  if (rest === undefined) throw new Error(`${path} has no place in action-destinations`)
  if (kind === 'src') return foldersInCamelCase(rest)
  const [, folder, file] = /^(.*?)((?:__snapshots__\/)?[^/]+)$/.exec(rest)
  const place = /\.test\.ts(\.snap)?$/.test(file) ? '__tests__/' : '__tests__/__helpers__/'
  return foldersInCamelCase(folder) + place + file
}
