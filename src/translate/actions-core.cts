// The one place where our ES modules reach actions-core: it cannot be imported natively as ES modules (its `default`
// build has directory imports), requiring it works, and TypeScript compiles a .cts file to a CommonJS module.
export { defaultValues, Destination } from '@segment/actions-core'
export type { ActionDefinition, DestinationDefinition, JSONObject, SegmentEvent } from '@segment/actions-core'
