// Whether a media query holds, as a ref.
import { onScopeDispose, ref, type Ref } from 'vue'

export function useMedia(query: string): Readonly<Ref<boolean>> {
  const media = matchMedia(query)
  const holds = ref(media.matches)
  const follow = (): void => void (holds.value = media.matches)
  media.addEventListener('change', follow)
  onScopeDispose(() => media.removeEventListener('change', follow))
  return holds
}

/** From here on a table shows all its columns (table.css has the same width). */
export const WIDE = '(min-width: 45rem)'

/** From here on a division's matches stand beside its table (parts.css has the same width). */
export const BESIDES = '(min-width: 64rem)'
