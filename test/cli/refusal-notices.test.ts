import { RefusalNotices } from '../../src/cli/refusal-notices.js'
import { badInput, HttpError, tryAgain } from '../../src/intake/http/http-error.js'

function withNotices(use: (notices: RefusalNotices, said: string[]) => void): void {
  const said: string[] = []
  use(new RefusalNotices((line) => said.push(line)), said)
}

const unauthorized = (message: string): HttpError => new HttpError(401, 'unauthorized', message)

describe('the notices of refused requests', () => {
  it('report the first of each code at once, and the others every hour as a number', () =>
    withNotices((notices, said) => {
      notices.take(unauthorized('the key is missing'))
      notices.take(badInput('too_large', 'too large'))
      expect(said.splice(0)).toEqual([
        'refused a request (unauthorized): the key is missing',
        'refused a request (too_large): too large'
      ])

      for (let n = 0; n < 1234; n++) notices.take(unauthorized('the key is missing'))
      notices.take(unauthorized('the key is wrong'))
      notices.take(badInput('too_large', 'too large'))
      expect(said).toEqual([])

      notices.sayRest()
      expect(said).toEqual([
        'refused 1,235 more requests (unauthorized) in the last hour; the latest: the key is wrong',
        'refused 1 more request (too_large) in the last hour; the latest: too large'
      ])
    }))

  it('report a code at once again only after an hour without it', () =>
    withNotices((notices, said) => {
      notices.take(unauthorized('first'))
      notices.take(unauthorized('second'))
      notices.sayRest()
      said.splice(0)
      notices.take(unauthorized('third'))
      expect(said).toEqual([])
      notices.sayRest()
      expect(said.splice(0)).toEqual(['refused 1 more request (unauthorized) in the last hour; the latest: third'])

      notices.sayRest()
      notices.take(unauthorized('fourth'))
      expect(said).toEqual(['refused a request (unauthorized): fourth'])
    }))

  it('leave out what clients retry', () =>
    withNotices((notices, said) => {
      notices.take(tryAgain('store_full', 'the disk is full', 10))
      notices.take(tryAgain('shutting_down', 'the server is shutting down', 5))
      notices.take(new HttpError(500, 'internal_error', 'internal error'))
      notices.take(new HttpError(408, 'incomplete', 'the request took too long'))
      notices.sayRest()
      expect(said).toEqual([])
    }))

  it('are harmless on a terminal', () =>
    withNotices((notices, said) => {
      notices.take(badInput('invalid_event', 'a\u001b[2Jb'))
      expect(said).toEqual(['refused a request (invalid_event): a␛[2Jb'])
    }))
})
