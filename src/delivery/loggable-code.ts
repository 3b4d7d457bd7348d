const CODE = /^[\w.-]{1,64}$/

/** What Dopt calls a code, where it looks like one: else it may be anything, and repeat what was sent. */
export function loggableCode(code: string | undefined): string | undefined {
  return code === undefined || CODE.test(code) ? code : '(not a code)'
}
