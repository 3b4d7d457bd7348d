const CODE = /^[\w.-]{1,64}$/

/** Dopt's error code, if it looks like one: other texts may repeat what was sent. */
export function loggableCode(code: string | undefined): string | undefined {
  return code === undefined || CODE.test(code) ? code : '(not a code)'
}
