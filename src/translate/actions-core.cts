// The one place where our ES modules reach actions-core: it cannot be imported natively as ES modules (its `default`
// build has directory imports), requiring it works, and TypeScript compiles a .cts file to a CommonJS module.
import validate from '@segment/actions-core/mapping-kit/validate'

export { defaultValues, Destination, fieldsToJsonSchema } from '@segment/actions-core'
export { validateSchema } from '@segment/actions-core/schema-validation'
export { parseFql } from '@segment/destination-subscriptions'
export type { ActionDefinition, DestinationDefinition, JSONObject, SegmentEvent } from '@segment/actions-core'

/** Throws an AggregateError of its own kind, which can be iterated, for a mapping that is none. */
// Not re-exported by its name: ES modules would not find it.
export const validateMapping: (mapping: unknown) => void = validate
