/** Dopt's side of the destination: for those who need no definition, and so no actions-core, which is large to load. */
export * from './event-time'
export * from './flatten'
export * from './groups'
export * from './limits'
export * from './merge'
export * from './outcome'
export * from './split'
export * from './wire'
