// Marks what has just changed on screen, for a while, so that a score that lands is noticed without noise.
import { onScopeDispose, ref, watch, type Ref } from 'vue'

const MARKED_MS = 8_000

/** The keys whose value is another than before. What is new is no change: it was not there to be seen. */
export function changedKeys(before: ReadonlyMap<number, string>, now: ReadonlyMap<number, string>): number[] {
  return [...now].filter(([key, value]) => before.has(key) && before.get(key) !== value).map(([key]) => key)
}

export function useChanged(values: () => ReadonlyMap<number, string>): Readonly<Ref<ReadonlySet<number>>> {
  const changed = ref<ReadonlySet<number>>(new Set())
  let ends: ReturnType<typeof setTimeout> | undefined
  watch(values, (now, before) => {
    const keys = changedKeys(before, now)
    if (!keys.length) return
    changed.value = new Set([...changed.value, ...keys])
    clearTimeout(ends)
    ends = setTimeout(() => (changed.value = new Set()), MARKED_MS)
  })
  onScopeDispose(() => clearTimeout(ends))
  return changed
}
