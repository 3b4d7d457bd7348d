/** How a command can end. Scripts rely on these numbers. */
export const EXIT = {
  /** Done, and everything was delivered. */
  done: 0,
  /** Done, but something failed, was rejected or is still undelivered. */
  incomplete: 1,
  /** Wrong usage or configuration: nothing was started. */
  usage: 2,
  interrupted: 130
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
