// Generated file. DO NOT MODIFY IT BY HAND.

export interface Settings {
  /**
   * Dopt's users API key. It is a secret: do not use the key of a browser source.
   */
  apiKey: string
  /**
   * The http or https address of Dopt's users API. Change it only if Dopt tells you to.
   */
  endpoint?: string
  /**
   * Which generation of Dopt's users API to use. Change it only if Dopt tells you to.
   */
  api?: string
}
