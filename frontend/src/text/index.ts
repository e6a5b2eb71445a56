// The words in the reader's language. English is the only one so far; a second one is added to `languages`.
import { en, type Text } from './en'

const languages: Record<string, Text> = { en }

function pick(wanted: readonly string[]): Text {
  for (const tag of wanted) {
    const found = languages[tag.split('-')[0] ?? '']
    if (found) return found
  }
  return en
}

export const text: Text = pick(globalThis.navigator?.languages ?? [])
export type { Text }
