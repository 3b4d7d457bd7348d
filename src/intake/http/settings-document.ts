import type { FastifyInstance, FastifyRequest } from 'fastify'
import { HttpError } from './http-error.js'
import type { Keys } from './keys.js'

interface Address {
  /** Host, port and path, without a scheme, as SDKs expect it. */
  apiHost: string
  protocol: 'http' | 'https'
}

/**
 * The settings that SDKs fetch before they send: analytics.js, React Native, Kotlin and Swift all read
 * `integrations["Segment.io"].apiHost`. There are no other integrations to load, and the SDKs' own metrics are off.
 */
export function settingsDocument(writeKey: string, { apiHost, protocol }: Address): object {
  return {
    integrations: {
      'Segment.io': {
        apiKey: writeKey,
        apiHost,
        protocol,
        unbundledIntegrations: [],
        addBundledMetadata: true,
        maybeBundledConfigIds: {}
      }
    },
    plan: {},
    edgeFunction: {},
    middlewareSettings: {},
    enabledMiddleware: {},
    remotePlugins: [],
    legacyVideoPluginsEnabled: false,
    analyticsNextEnabled: true,
    metrics: { sampleRate: 0, host: apiHost }
  }
}

export function addSettingsRoutes(app: FastifyInstance, keys: Keys, publicUrl: string | undefined): void {
  for (const prefix of ['', '/v1']) {
    app.get<{ Params: { key: string } }>(`${prefix}/projects/:key/settings`, (request, reply) => {
      const { key } = request.params
      // Segment's own host answers like this, and the SDK shows it in the page's console.
      if (!keys.accepts(key)) throw new HttpError(404, 'not_found', 'there is no source with this write key')
      // It depends on this request's host: no cache may serve it to others.
      return reply.header('cache-control', 'no-store').send(settingsDocument(key, addressOf(request, publicUrl)))
    })
  }
}

function addressOf(request: FastifyRequest, publicUrl: string | undefined): Address {
  if (publicUrl !== undefined) {
    const { host, pathname, protocol } = new URL(publicUrl)
    return { apiHost: `${host}${pathname.replace(/\/+$/, '')}/v1`, protocol: protocol === 'https:' ? 'https' : 'http' }
  }
  const host = request.headers.host ?? ''
  if (!/^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i.test(host)) {
    throw new HttpError(400, 'bad_request', 'the Host header is missing or invalid')
  }
  return { apiHost: `${host}/v1`, protocol: request.headers['x-forwarded-proto'] === 'https' ? 'https' : 'http' }
}
