import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { withTempDir } from '../../helpers/temp-dir.js'
import { skipped } from '../../helpers/skipped.js'
import { withServer } from '../../helpers/with-server.js'

/** Debian's. */
export const CHROMIUM = process.env['DOPT_CHROMIUM'] ?? '/usr/bin/chromium'

const ARGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync']
]

/** `describe`, or where there is no browser one that says so and skips. */
export function describeWithBrowser(title: string, tests: () => void): void {
  if (existsSync(CHROMIUM)) return describe(title, tests)
  const why = `there is no chromium at ${CHROMIUM}: apt-get install chromium, or set DOPT_CHROMIUM`
  describe.skip(skipped(title, why), tests)
}

/** Runs `use` with a browser that has never been used before. */
export async function withBrowser(use: (browser: BrowserContext) => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    const browser = await chromium.launchPersistentContext(dir, { executablePath: CHROMIUM, args: ARGS })
    try {
      await use(browser)
    } finally {
      await browser.close()
    }
  })
}

const SDK_FOLDER = join(dirname(require.resolve('@segment/analytics-next/package.json')), 'dist/umd')

/** What a customer's page does; where the events go to, and how, comes with its address. */
const HTML = `<!doctype html>
<title>A shop</title>
<link rel="icon" href="data:,">
<script src="/sdk/index.js"></script>
<script>
  const { writeKey, host, deliveryStrategy } = JSON.parse(decodeURIComponent(location.search.slice(1)))
  const segment = { ...(deliveryStrategy && { deliveryStrategy }) }
  const analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey, cdnURL: host }, { integrations: { 'Segment.io': segment } })
</script>`

export interface PageSettings {
  writeKey: string
  /** Where the intake is. */
  host: string
  deliveryStrategy?: object
}

export interface OpenPage {
  page: Page
  /** What the page wrote to its console. */
  console: string[]
  /** Runs JavaScript in the page, which knows Segment's SDK as `analytics`, and does not wait for what the SDK promises. */
  run: (script: string) => Promise<unknown>
}

/** Runs `use` with a page that has Segment's browser SDK, from a host of its own. */
export async function withPage(
  browser: BrowserContext,
  settings: PageSettings,
  use: (open: OpenPage) => Promise<void>
): Promise<void> {
  await withServer(
    ({ url: path = '/' }, response) => {
      const file = /^\/sdk\/([\w.-]+\.js)$/.exec(path)?.[1]
      response.setHeader('content-type', file === undefined ? 'text/html' : 'text/javascript')
      response.end(file === undefined ? HTML : readFileSync(join(SDK_FOLDER, file)))
    },
    async ({ url }) => {
      const page = await browser.newPage()
      const said: string[] = []
      page.on('console', (message) => void said.push(message.text()))
      page.on('pageerror', (error) => void said.push(String(error)))
      try {
        await page.goto(`${url}/?${encodeURIComponent(JSON.stringify(settings))}`)
        await use({ page, console: said, run: (script) => page.evaluate(`void (${script})`) })
      } finally {
        await page.close()
      }
    }
  )
}
