import { destination, takesGroups, type Api, type NestedProperties, type Settings } from '../destination/index.js'
import type { Subject } from '../store/store.js'
import {
  defaultValues,
  fieldsToJsonSchema,
  validateMapping,
  validateSchema,
  type ActionDefinition,
  type JSONObject
} from './actions-core.cjs'
import { problemOfTrigger } from './trigger.js'

/** Selects events and maps them to users or groups, in Segment's format. */
export interface Subscription {
  name: string
  enabled: boolean
  /** The trigger, in FQL: `type = "identify"`. */
  subscribe: string
  /** `identifyUser` or `identifyGroup`. */
  partnerAction: string
  /** From the action's fields to literals and directives, such as `{ "@path": "$.userId" }`. */
  mapping: JSONObject
}

/** Subscriptions that are not valid. `message` is one line that says which, why, and what is allowed. */
export class SubscriptionError extends Error {
  override readonly name = 'SubscriptionError'
}

const KEYS = ['name', 'enabled', 'subscribe', 'partnerAction', 'mapping']

const IDENTIFY_USER = 'identifyUser'
const IDENTIFY_GROUP = 'identifyGroup'

/** What Segment sets up by default: every identify, by its `userId`. */
export function defaultSubscriptions(nestedProperties: NestedProperties): Subscription[] {
  const action = actionOf(IDENTIFY_USER)
  return [
    {
      name: action.title,
      enabled: true,
      subscribe: action.defaultSubscription ?? '',
      partnerAction: IDENTIFY_USER,
      mapping: { ...(defaultValues(action.fields) as JSONObject), nested_properties: nestedProperties }
    }
  ]
}

/**
 * Checks the subscriptions of a config file for this generation of Dopt's API. `enabled` may be omitted: it defaults to
 * true. Throws SubscriptionError.
 */
export function parseSubscriptions(value: unknown, api: Api): Subscription[] {
  if (!Array.isArray(value)) throw new SubscriptionError('subscriptions must be a list')
  const subscriptions = value.map((item: unknown, index) => parseSubscription(item, `subscription ${index + 1}`))
  if (!subscriptions.some(({ enabled }) => enabled)) {
    throw new SubscriptionError(
      'no subscription is enabled, so nothing would be sent: enable one, or omit subscriptions to use the default'
    )
  }
  checkGroups(subscriptions, api)
  return subscriptions
}

export function subjectOf({ partnerAction }: Subscription): Subject {
  return partnerAction === IDENTIFY_GROUP ? 'group' : 'user'
}

function sendsGroups(subscription: Subscription): boolean {
  return subjectOf(subscription) === 'group' || (subscription.mapping['groups'] ?? null) !== null
}

/** Only the `batch` generation has groups: with `bulk` they would be lost. */
function checkGroups(subscriptions: readonly Subscription[], api: Api): void {
  if (takesGroups(api)) return
  const found = subscriptions.find((subscription) => subscription.enabled && sendsGroups(subscription))
  if (found === undefined) return
  throw new SubscriptionError(
    `the subscription "${found.name}" sends groups, which need api set to batch, but it is ${api}: ` +
      'use --api batch (or "api": "batch") if Dopt has given you access to it, or disable the subscription'
  )
}

export function actionOf(key: string): ActionDefinition<Settings> {
  const action = destination.actions[key]
  if (action === undefined) throw new Error(`the destination has no action ${key}`)
  return action
}

function parseSubscription(value: unknown, place: string): Subscription {
  if (!isObject(value)) throw new SubscriptionError(`${place} must be an object with ${KEYS.join(', ')}`)
  const { name, enabled = true, subscribe, partnerAction, mapping } = value
  const where = typeof name === 'string' && name !== '' ? `${place} ("${name}")` : place
  const fail = (message: string): never => {
    throw new SubscriptionError(`${where}: ${message}`)
  }
  const unknown = Object.keys(value).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) return fail(`there is no key "${unknown}"; the keys are ${KEYS.join(', ')}`)
  if (typeof name !== 'string' || name === '') return fail('name must be a non-empty string')
  if (typeof enabled !== 'boolean') return fail('enabled must be true or false')
  if (typeof subscribe !== 'string') return fail('subscribe must be a trigger in FQL, such as type = "identify"')
  if (partnerAction !== IDENTIFY_USER && partnerAction !== IDENTIFY_GROUP) {
    return fail(`partnerAction must be ${IDENTIFY_USER} or ${IDENTIFY_GROUP}`)
  }
  if (!isObject(mapping)) return fail('mapping must be an object that maps fields to values or directives')
  // Segment's parser knows no carriage return.
  const trigger = subscribe.replace(/\r\n?/g, '\n')
  const problem =
    problemOfTrigger(trigger) ??
    problemOfMapping(mapping, actionOf(partnerAction)) ??
    problemOfIdentifier(mapping, partnerAction)
  if (problem !== undefined) return fail(problem)
  return { name, enabled, subscribe: trigger, partnerAction, mapping: mapping as JSONObject }
}

function problemOfMapping(mapping: object, { fields }: ActionDefinition<Settings>): string | undefined {
  const names = Object.keys(fields)
  const unknown = Object.keys(mapping).find((name) => !names.includes(name))
  if (unknown !== undefined) return `mapping: there is no field "${unknown}"; the fields are ${names.join(', ')}`
  const missing = names.find((name) => fields[name]?.required === true && !(name in mapping))
  if (missing !== undefined) return `mapping: ${missing} is required`
  try {
    validateMapping(mapping)
    checkLiterals(mapping, fields)
    return undefined
  } catch (error) {
    return `mapping: ${firstMessage(error)}`
  }
}

/** All events may be of one group, but hardly of one user. */
function problemOfIdentifier(mapping: object, partnerAction: string): string | undefined {
  const identifier: unknown = Reflect.get(mapping, 'identifier')
  if (identifier === null || identifier === '') return 'mapping: identifier is empty, so nothing would be sent'
  if (partnerAction !== IDENTIFY_USER || dependsOnEvent(identifier)) return undefined
  return 'mapping: identifier is the same for all events, so all would be of one user: use { "@path": "$.userId" }, for example'
}

/** Whether a part of a mapping takes anything from the event. */
function dependsOnEvent(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(dependsOnEvent)
  if (!isObject(value)) return false
  return Object.entries(value).some(([key, inner]) => {
    if (key === '@path' || key === '@arrayPath') return true
    return typeof inner === 'string' ? hasPlaceholder(key, inner) : dependsOnEvent(inner)
  })
}

/** Of a template in the mapping kit's own form, or in Liquid. */
function hasPlaceholder(directive: string, text: string): boolean {
  if (directive === '@liquid') return /\{[{%]/.test(text)
  const names = Array.from(text.matchAll(/\{\{([^}]+)\}\}/g), ([, name = '']) => name.trim())
  return directive === '@template' && names.some((name) => name !== '')
}

/** Literals can be validated without an event. */
function checkLiterals(mapping: object, fields: ActionDefinition<Settings>['fields']): void {
  const literals = Object.entries(mapping).filter(([, value]) => value !== null && typeof value !== 'object')
  const theirs = literals.flatMap(([name]) => {
    const field = fields[name]
    return field === undefined ? [] : [[name, field] as const]
  })
  validateSchema(Object.fromEntries(literals), fieldsToJsonSchema(Object.fromEntries(theirs)))
}

/** The mapping kit and the validator throw lists of errors, whose combined message contains stack traces. */
function firstMessage(error: unknown): string {
  const list: unknown[] = isIterable(error) ? Array.from(error) : []
  const [first = error] = list
  return first instanceof Error ? (first.message.split('\n', 1)[0] ?? '') : 'it is not valid'
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
