import { availableParallelism } from 'node:os'

// As in action-destinations, whose tests some of ours become.
process.env.TZ = 'UTC'

/**
 * Tests run as CommonJS: `@segment/actions-core` cannot be imported natively as ES modules, and got, which is ES modules
 * only, is transformed like our own code; so is Dopt's client, which imports as it runs. The
 * compiled ES modules are what the command-line tests start.
 */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  moduleFileExtensions: ['ts', 'cts', 'js', 'cjs', 'mjs', 'json', 'node'],
  moduleNameMapper: {
    // A thread starts with plain Node, which knows nothing of jest's transforms.
    '/start-thread\\.js$': '<rootDir>/test/helpers/start-thread.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^(\\.{1,2}/.*)\\.cjs$': '$1',
    // As src/store/sqlite-driver.ts chooses, for the tests that look into a file by themselves.
    ...(Number.parseInt(process.versions.node, 10) >= 22 && { '^better-sqlite3$': 'better-sqlite3-13' })
  },
  transform: {
    '\\.(ts|cts|js|mjs)$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }
    ]
  },
  transformIgnorePatterns: [
    'node_modules/(?!(@dopt/users-javascript-client|got|@sindresorhus/is|@szmarczak/http-timer|cacheable-lookup|cacheable-request|decompress-response|form-data-encoder|get-stream|http2-wrapper|keyv|lowercase-keys|mimic-response|normalize-url|p-cancelable|quick-lru|responselike|type-fest|byte-counter|chunk-data|uint8array-extras|@sec-ant/readable-stream|is-stream|mimic-fn|@keyv/.*)/)'
  ],
  // As jest 27 writes snapshots, which is what action-destinations has.
  snapshotFormat: { escapeString: true, printBasicPrototype: true },
  testTimeout: 30_000,
  // On two cores jest would use one, but many tests wait for a process that they have started.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  restoreMocks: true
}
