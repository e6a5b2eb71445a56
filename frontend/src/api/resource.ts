// What a view shows of an address: its four states, with answers kept in memory so that going back is instant.
import { onScopeDispose, shallowReactive, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { ApiError, get, keptAt, type Address } from './http'

const FRESH_MS = 20_000
const KEPT = 60

interface Kept {
  data: unknown
  at: number
}

const kept = new Map<string, Kept>()

let newer: (at: string) => number | undefined = () => undefined

/** How to learn which version of an address is the newest; it is asked as `v`, past what caches on the way have kept. */
export function askPast(versionOf: (at: string) => number | undefined): void {
  newer = versionOf
}

function past<T>(at: Address<T>): Address<T> {
  const version = at.startsWith('/') ? newer(at) : undefined
  return version === undefined ? at : `${at}${at.includes('?') ? '&' : '?'}v=${version}`
}

function keep(at: string, data: unknown): void {
  kept.delete(at)
  kept.set(at, { data, at: Date.now() })
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT) break
    kept.delete(oldest)
  }
}

/** Takes over answers that are known already (they came with the page's HTML; see README). */
export function take(answers: Record<string, unknown>): void {
  for (const [at, data] of Object.entries(answers)) keep(at, data)
}

/** The next look at these addresses asks again, whatever their age. */
export function forget(matches: (at: string) => boolean): void {
  for (const at of kept.keys()) if (matches(at)) kept.delete(at)
}

interface Loader {
  at: () => string | null
  again: () => void
}

const loaders = new Set<Loader>()

/** Asks again for what is on screen at these addresses, and forgets what is kept of them. */
export function refresh(concerned: (at: string) => boolean): void {
  forget(concerned)
  for (const { at, again } of loaders) {
    const address = at()
    if (address !== null && concerned(address)) again()
  }
}

/** Asks again for everything that is on screen (the connection is back). */
export function refreshAll(): void {
  refresh(() => true)
}

let pending = 0
const settled = new Set<() => void>()

function count(change: 1 | -1): void {
  pending += change
  if (pending > 0) return
  for (const done of settled) done()
  settled.clear()
}

/** Resolves once nothing is being loaded, at the latest after `deadlineMs`. */
export function whenSettled(deadlineMs: number): Promise<void> {
  if (pending === 0) return Promise.resolve()
  return new Promise((done) => {
    settled.add(done)
    setTimeout(done, deadlineMs)
  })
}

export interface Resource<T> {
  data: T | undefined
  error: ApiError | undefined
  loading: boolean
  /** When what is shown was loaded, if it could not be refreshed. */
  staleSince: string | undefined
  retry: () => void
}

/** Whether there is nothing at an address, which 404 alone says: a fault, a cut or a refusal says nothing of it. */
export function missing(of: Resource<unknown>): true | undefined {
  return of.error?.status === 404 || undefined
}

/**
 * Loads an address, again when it changes; null: nothing to load yet. `load` is how (default: one GET).
 * `data` stays while it is refreshed; a failed refresh leaves it and sets `staleSince`.
 */
export function useResource<T>(
  where: MaybeRefOrGetter<Address<T> | null>,
  load: (at: Address<T>, signal: AbortSignal) => Promise<T> = (at, signal) => get(at, signal),
): Resource<T> {
  let current: AbortController | undefined
  const state: Resource<T> = shallowReactive({ data: undefined, error: undefined, loading: true, staleSince: undefined, retry: () => void ask(true) })

  async function ask(again: boolean): Promise<void> {
    current?.abort()
    current = undefined
    const at = toValue(where)
    const had = at === null ? undefined : kept.get(at)
    const keeps = had ?? (again && state.data !== undefined ? { data: state.data, at: Date.now() } : undefined)
    Object.assign(state, { data: keeps?.data, error: undefined, staleSince: undefined, loading: true })
    if (at === null) return
    if (had && !again && Date.now() - had.at < FRESH_MS) {
      state.loading = false
      return
    }
    const mine = (current = new AbortController())
    count(1)
    try {
      const answer = await load(past(at), mine.signal)
      const age = keptAt(answer)
      if (!age) keep(at, answer)
      if (current === mine) Object.assign(state, { data: answer, staleSince: age })
    } catch (fault) {
      if (current !== mine) return
      if (!(fault instanceof ApiError)) throw fault
      state.error = fault
      if (fault.status === 404) state.data = undefined
      else if (keeps) state.staleSince = new Date(keeps.at).toISOString()
    } finally {
      if (current === mine) state.loading = false
      count(-1)
    }
  }

  const loader: Loader = { at: () => toValue(where), again: state.retry }
  loaders.add(loader)
  watch(() => toValue(where), () => void ask(false), { immediate: true })
  onScopeDispose(() => {
    loaders.delete(loader)
    current?.abort()
    current = undefined
  })
  return state
}
