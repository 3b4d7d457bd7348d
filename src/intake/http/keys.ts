import { basicUser, bearerToken } from './authorization.js'
import { HttpError } from './http-error.js'
import type { ResolvedHttpOptions } from './options.js'
import { Secrets } from './secret.js'
import { isSigned } from './signature.js'

/** Who may send events. */
export class Keys {
  readonly #writeKeys: Secrets
  readonly #sharedSecret: string | undefined
  readonly #allowFirstEvent: boolean
  /** Neither a write key nor a shared secret is set: anyone who can reach the server may send events. */
  readonly #isOpen: boolean

  constructor(options: Pick<ResolvedHttpOptions, 'writeKeys' | 'sharedSecret' | 'allowFirstEventSignature'>) {
    this.#writeKeys = new Secrets(options.writeKeys)
    this.#sharedSecret = options.sharedSecret
    this.#allowFirstEvent = options.allowFirstEventSignature
    this.#isOpen = this.#writeKeys.isEmpty && options.sharedSecret === undefined
  }

  accepts(writeKey: string): boolean {
    return this.#isOpen || this.#writeKeys.has(writeKey)
  }

  /**
   * Checks an SDK's write key, in the header or in the body. One correct key is enough: a proxy may have set its own
   * credentials in the header. Throws HttpError.
   */
  requireWriteKey(header: string | undefined, inBody: unknown): void {
    if (this.#isOpen) return
    const given = [basicUser(header), bearerToken(header), inBody].filter((key) => typeof key === 'string')
    if (given.filter((key) => this.#writeKeys.has(key)).length > 0) return
    if (this.#writeKeys.isEmpty)
      throw refused('this server accepts signed webhooks only: start it with --write-key to accept SDKs')
    throw refused(given.length === 0 ? 'the write key is missing' : 'the write key is wrong')
  }

  /**
   * Checks a webhook's signature of `text`, the uncompressed body; or, for senders that cannot sign, a write key in the
   * header. If there is a signature, it must be correct. Throws HttpError.
   */
  requireSignature(signature: string | undefined, header: string | undefined, text: Buffer): void {
    if (this.#isOpen) return
    if (this.#sharedSecret === undefined || signature === undefined) {
      const given = [basicUser(header), bearerToken(header)].filter((key) => key !== undefined)
      if (given.filter((key) => this.#writeKeys.has(key)).length > 0) return
      if (this.#sharedSecret !== undefined) throw refused('the signature is missing (X-Signature)')
      if (signature !== undefined && given.length === 0)
        throw refused('this server accepts write keys only: start it with --shared-secret to accept signed webhooks')
      throw refused('the write key is missing or wrong')
    }
    if (isSigned(text, signature, this.#sharedSecret)) return
    if (!isSigned(text, signature, this.#sharedSecret, 'first event')) {
      throw refused('the signature (X-Signature) is wrong: check the shared secret on both sides')
    }
    if (this.#allowFirstEvent) return
    throw refused(
      'the signature covers the first event only: turn off batching in the sender, ' +
        'or start this server with --allow-first-event-signature (the other events are then not authenticated)'
    )
  }
}

function refused(message: string): HttpError {
  return new HttpError(401, 'unauthorized', message)
}
