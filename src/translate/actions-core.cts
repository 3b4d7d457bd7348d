// The one place where our ES modules reach actions-core: it cannot be imported natively as ES modules (its `default`
// build has directory imports), requiring it works, and TypeScript compiles a .cts file to a CommonJS module.
import validate from '@segment/actions-core/mapping-kit/validate'

export { defaultValues, Destination, fieldsToJsonSchema } from '@segment/actions-core'
export { validateSchema } from '@segment/actions-core/schema-validation'
export { generateFql, parseFql } from '@segment/destination-subscriptions'
export type { ActionDefinition, DestinationDefinition, JSONObject, SegmentEvent } from '@segment/actions-core'

/** Throws an iterable AggregateError (a class of its own) for an invalid mapping. */
// Not re-exported by its name: ES modules would not find it.
export const validateMapping: (mapping: unknown) => void = validate
