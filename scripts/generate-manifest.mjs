/**
 * Writes manifest.json: the metadata of the destination, byte for byte as Segment's command-line tool
 * (`generate:metadata-payload`) writes its `metadata.json`. It contains the whole definition except its
 * functions; omitted values are null or false. Run it after a build; with --check it only compares.
 */
import { format, resolveConfig } from 'prettier'
import { loadDestination, readOptions, writeOrCheck } from './generated-file.mjs'
import { metadataOf } from './segment/metadata.mjs'

const options = readOptions()
const { destination } = loadDestination(options.from)
// Segment's tool also runs prettier at the end, which may put a short list on one line.
const style = await resolveConfig(new URL(import.meta.url))
const text = await format(JSON.stringify(metadataOf(destination), null, 2), { ...style, parser: 'json' })
writeOrCheck({ 'manifest.json': text }, { check: options.check, script: 'scripts/generate-manifest.mjs' })
