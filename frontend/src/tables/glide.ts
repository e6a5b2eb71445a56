// Rows that change places glide there, so that the eye can follow a team. Not for readers who want no motion.
import { onBeforeUpdate, onUpdated, type Ref } from 'vue'

const GLIDE_MS = 450

/** Call with the table's body: its rows carry data-row with a name that stays theirs. */
export function useGlide(body: Readonly<Ref<HTMLElement | null>>): void {
  let before = new Map<string, number>()
  const rows = (): HTMLElement[] => [...(body.value?.querySelectorAll<HTMLElement>('[data-row]') ?? [])]
  const still = matchMedia('(prefers-reduced-motion: reduce)')
  onBeforeUpdate(() => void (before = new Map(still.matches ? [] : rows().map((row) => [row.dataset.row!, row.offsetTop]))))
  onUpdated(() => {
    for (const row of rows()) {
      const by = (before.get(row.dataset.row!) ?? row.offsetTop) - row.offsetTop
      if (by) row.animate([{ transform: `translateY(${by}px)` }, { transform: 'none' }], { duration: GLIDE_MS, easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)' })
    }
  })
}
