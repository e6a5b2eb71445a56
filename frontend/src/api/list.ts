// A list that is read page by page, as the reader asks for more.
import { onScopeDispose, shallowReactive } from 'vue'
import { ApiError, type Address } from './http'
import { useResource, type Resource } from './resource'

interface Page<T> {
  items: T[]
  next_cursor?: string | null
}

export interface List<T> {
  first: Resource<Page<T>>
  items: T[]
  /** Whether there is more to ask for. */
  more: boolean
  error: ApiError | undefined
  showMore: () => Promise<void>
}

export function useList<T>(where: () => Address<Page<T>> | null, load: (at: Address<Page<T>>, signal: AbortSignal) => Promise<Page<T>>): List<T> {
  const leaving = new AbortController()
  onScopeDispose(() => leaving.abort())
  const first = useResource<Page<T>>(where, load)
  const rest = shallowReactive<{ of: Page<T> | undefined; pages: Page<T>[]; error: ApiError | undefined }>({ of: undefined, pages: [], error: undefined })
  const pages = (): Page<T>[] => (first.data ? [first.data, ...(rest.of === first.data ? rest.pages : [])] : [])
  return {
    first,
    get items() {
      return pages().flatMap((page) => page.items)
    },
    get more() {
      return !!pages().at(-1)?.next_cursor
    },
    get error() {
      return rest.error
    },
    async showMore() {
      const [at, cursor] = [where(), pages().at(-1)?.next_cursor]
      if (!at || !cursor) return
      const of = first.data
      const before = pages().slice(1)
      try {
        const page = await load(`${at}${at.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`, leaving.signal)
        if (first.data === of) Object.assign(rest, { of, pages: [...before, page], error: undefined })
      } catch (fault) {
        if (leaving.signal.aborted) return
        if (!(fault instanceof ApiError)) throw fault
        rest.error = fault
      }
    },
  }
}
