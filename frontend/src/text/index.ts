// The words in the reader's language. English is the only one so far; a second one is added to `languages`.
import type * as English from './en'

export type Text = typeof English.first
type Later = { [Subject in keyof typeof English.later]: Awaited<ReturnType<(typeof English.later)[Subject]>> }
export type Subject = keyof Later
interface Language {
  first: Text
  later: { [S in Subject]: () => Promise<Later[S]> }
}

const languages: Record<string, () => Promise<Language>> = { en: () => import('./en') }

/** What every page needs. Empty until `speak` is done, so nothing may take words from it while a module loads. */
export const text = {} as Text

let spoken: Language | undefined
const learned: Partial<Later> = {}

/** Loads the first of these languages that there is, else English. */
export async function speak(wanted: readonly string[]): Promise<void> {
  const tag = wanted.map((one) => one.split('-')[0] ?? '').find((one) => Object.hasOwn(languages, one)) ?? 'en'
  spoken = await languages[tag]!()
  Object.assign(text, spoken.first)
}

async function learnOne<S extends Subject>(subject: S): Promise<void> {
  learned[subject] ??= await spoken!.later[subject]()
}

/** Loads what comes with a page: the words of its subjects beside its code. */
export async function withWords<Page>(page: () => Promise<Page>, ...subjects: Subject[]): Promise<Page> {
  const [loaded] = await Promise.all([page(), ...subjects.map((subject) => learnOne(subject))])
  return loaded
}

/** The words of a subject that came with the page. */
export function wordsOf<S extends Subject>(subject: S): Later[S] {
  const words = learned[subject]
  if (!words) throw new Error(`the words of ${subject} were not loaded with this page`)
  return words as Later[S]
}
