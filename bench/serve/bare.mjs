/** The yardstick: a fastify route that parses the same JSON, answers the same, and stores nothing. */
import fastify from 'fastify'

const app = fastify({ bodyLimit: 1024 * 1024 })
for (const route of ['/v1/identify', '/v1/batch']) {
  app.post(route, (_request, reply) => reply.type('application/json; charset=utf-8').send('{"success":true}'))
}
const url = await app.listen({ host: '127.0.0.1', port: 0 })
process.on('SIGTERM', () => process.exit(0))
console.log(`listening on ${url}`)
