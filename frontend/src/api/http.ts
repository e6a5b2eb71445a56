// The only place that speaks HTTP: addresses typed by the API's schema, answers, and errors turned into sentences.
import { text } from '../text'
import { deadlineOf } from './deadline'
import type { paths } from './schema'

const DEADLINE_MS = 15_000

type Paths = { [P in keyof paths]: paths[P] extends { get: unknown } ? P : never }[keyof paths]
type Get<P extends Paths> = paths[P] extends { get: infer G } ? G : never
export type Answer<P extends Paths> = Get<P> extends { responses: { 200: { content: { 'application/json': infer A } } } } ? A : unknown
type Parameters<P extends Paths, In extends 'path' | 'query'> = Get<P> extends { parameters: { [K in In]?: infer V } } ? V : undefined

/** An address of the API that remembers what its answer looks like. */
export type Address<T> = string & { readonly answer?: T }

function fill(path: string, values: unknown): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String((values as Record<string, unknown> | undefined)?.[name] ?? '')))
}

/** Fills in a path's parameters and its query, e.g. address('/api/teams/{team_id}', { team_id: 3 }). Empty values are left out. */
export function address<P extends Paths>(path: P, inPath?: Parameters<P, 'path'>, query?: Parameters<P, 'query'>): Address<Answer<P>> {
  const filled = fill(path, inPath)
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries((query as Record<string, unknown> | undefined) ?? {})) {
    if (value !== undefined && value !== null && value !== '') search.append(name, String(value))
  }
  const asked = search.toString()
  return asked ? `${filled}?${asked}` : filled
}

/** What went wrong, as a sentence for the reader. `status` 0: no answer came at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

function sentence(status: number, problem: { detail?: unknown } | null): string {
  const known = text.error[status] ?? (status >= 500 ? text.error[500] : undefined)
  if (status < 500 && status !== 404 && typeof problem?.detail === 'string') return problem.detail
  return known ?? `${text.error[500]} (${status})`
}

/** When the service worker kept an answer that it gave for want of a connection; undefined: the answer is the API's. */
const ages = new WeakMap<object, string>()
export const keptAt = (answer: unknown): string | undefined => (typeof answer === 'object' && answer ? ages.get(answer) : undefined)

function headersFor(token?: string): Record<string, string> {
  return token ? { accept: 'application/json', authorization: `Bearer ${token}` } : { accept: 'application/json' }
}

interface Said<T> {
  data: T
  headers: Headers
}

/** Asks, and reads the answer whole within the time there is. */
async function ask<T>(from: string, how: RequestInit, signal?: AbortSignal): Promise<Said<T>> {
  const deadline = deadlineOf(DEADLINE_MS, signal)
  try {
    const response = await fetch(from, { ...how, signal: deadline.signal })
    if (!response.ok) throw new ApiError(response.status, sentence(response.status, await problemOf(response)))
    return { data: await read<T>(response), headers: response.headers }
  } catch (fault) {
    if (deadline.passed) throw new ApiError(0, text.error.timeout!)
    if (fault instanceof ApiError || signal?.aborted) throw fault
    throw new ApiError(0, text.error.network!)
  } finally {
    deadline.end()
  }
}

async function read<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T
  const body = await response.text() // a connection that is lost here is no fault of the answer
  try {
    return JSON.parse(body) as T
  } catch {
    throw new ApiError(response.status, text.error.unreadable!)
  }
}

/** GETs JSON. Throws ApiError with a sentence to show; an aborted request throws the signal's own reason. */
export async function get<T>(from: Address<T>, signal?: AbortSignal, token?: string): Promise<T> {
  const { data, headers } = await ask<T>(from, { headers: headersFor(token) }, signal)
  const age = headers.get('x-kept-at')
  if (age && typeof data === 'object' && data) ages.set(data, age)
  return data
}

type Verb = 'post' | 'put' | 'delete'
type Written<V extends Verb> = { [P in keyof paths]: paths[P] extends { [K in V]: { responses: unknown } } ? P : never }[keyof paths]
type Operation<V extends Verb, P extends keyof paths> = paths[P] extends { [K in V]: infer O } ? O : never
type Of<O, In extends 'path' | 'query'> = O extends { parameters: { [K in In]?: infer V } } ? V : undefined
type Sent<O> = O extends { requestBody: { content: { 'application/json': infer B } } } ? B : undefined
type Reply<O> = O extends { responses: { 200: { content: { 'application/json': infer A } } } } ? A : unknown

/** Sends JSON, e.g. send('post', '/api/brackets/{bracket_id}/what-if', { path: { bracket_id: 3 }, body }). Errors as of get. */
export async function send<V extends Verb, P extends Written<V>>(
  verb: V,
  path: P,
  what: { path?: Of<Operation<V, P>, 'path'>; body?: Sent<Operation<V, P>>; token?: string; signal?: AbortSignal },
): Promise<Reply<Operation<V, P>>> {
  const headers = headersFor(what.token)
  if (what.body !== undefined) headers['content-type'] = 'application/json'
  const how = { method: verb.toUpperCase(), headers, body: what.body === undefined ? undefined : JSON.stringify(what.body) }
  return (await ask<Reply<Operation<V, P>>>(fill(path, what.path), how, what.signal)).data
}

async function problemOf(response: Response): Promise<{ detail?: unknown } | null> {
  if (!response.headers.get('content-type')?.includes('json')) return null
  try {
    return (await response.json()) as { detail?: unknown }
  } catch {
    return null // a cut answer: its status alone decides the sentence
  }
}

interface Page {
  items: unknown[]
  next_cursor?: string | null
}

/** All pages of a list, as one. */
export async function getAll<P extends Page>(from: Address<P>, signal?: AbortSignal): Promise<P> {
  const whole = await get<P>(from, signal)
  let next = whole.next_cursor
  while (next) {
    const page: P = await get<P>(`${from}${from.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(next)}`, signal)
    whole.items.push(...page.items)
    next = page.next_cursor
  }
  whole.next_cursor = null
  return whole
}
