// Writes words.json, the sentences that the server shares with the site, from src/text/en. A value of a sentence stands in it as
// {name}; one that is counted has the forms `one` and `many`. --check: changes nothing and fails when the file is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** What the server says: a sentence by its path, or a number that it counts by. */
const WANTED = {
  'site.name': {},
  'site.tagline': {},
  'site.description': {},
  'home.heading': {},
  'missing.title': {},
  'missing.heading': {},
  'missing.description': {},
  'bracket.title': {},
  'bracket.description': { counted: 'teams' },
  'bracket.computed': {},
  'bracket.byRules': {},
  'fresh.published': {},
  'fresh.never': {},
  'table.position': {},
  'table.movement': {},
  'table.team': {},
  'table.played': {},
  'table.won': {},
  'table.tied': {},
  'table.lost': {},
  'table.goalsFor': {},
  'table.goalsAgainst': {},
  'table.points': {},
  'table.ppm': {},
  'table.gd': {},
  'table.form': {},
  'table.short': {},
  'table.up': {},
  'table.down': {},
  'whatIf.title': {},
  'whatIf.description': {},
  'whatIf.heading': {},
  'team.title': {},
  'team.description': {},
  'club.title': {},
  'club.description': {},
  'match.title': {},
  'match.description': {},
  'match.at': {},
  'match.versus': {},
  'match.status': {},
  'calendar.resultsOf': {},
  'insights.title': {},
  'insights.description': {},
  'search.title': {},
  'search.description': {},
  'status.title': {},
  'status.heading': {},
  'status.description': {},
  'about.title': {},
  'about.heading': {},
  'about.description': {},
  'admin.title': {},
  'admin.description': {},
}

const source = fileURLToPath(new URL('../src/text/en/index.ts', import.meta.url))
const target = fileURLToPath(new URL('../../packages/missing-table/src/missing_table/words.json', import.meta.url))

const built = await build({
  configFile: false,
  logLevel: 'silent',
  build: { write: false, minify: false, lib: { entry: source, formats: ['es'] }, rollupOptions: { output: { codeSplitting: false } } },
})
const { first, later } = await import(`data:text/javascript;base64,${globalThis.Buffer.from([built].flat()[0].output[0].code).toString('base64')}`)
const all = { ...first }
for (const [name, load] of Object.entries(later)) all[name] = await load()

/** The names of a function's values, as they stand in its head. */
const namesOf = (say) => /^\(?([^)=]*)\)?\s*=>/.exec(say.toString())[1].split(',').map((name) => name.trim()).filter(Boolean)

function sentence(say, { counted }) {
  if (typeof say !== 'function') return say
  const names = namesOf(say)
  const filled = (number) => say(...names.map((name) => (name === counted ? number : `{${name}}`)))
  if (!counted) return filled()
  return { one: filled(1).replace('1', `{${counted}}`), many: filled(`{${counted}}`) }
}

const words = {}
for (const [path, how] of Object.entries(WANTED)) {
  const [subject, name] = path.split('.')
  const found = all[subject]?.[name]
  if (found === undefined) throw new Error(`src/text/en has no ${path}`)
  ;(words[subject] ??= {})[name] = sentence(found, how)
}
const made = `${JSON.stringify(words, undefined, 2)}\n`

if (process.argv.includes('--check')) {
  if (!existsSync(target) || readFileSync(target, 'utf8') !== made) {
    console.error('words.json is stale: run `npm run words` in frontend/ and commit the result.')
    process.exit(1)
  }
} else {
  writeFileSync(target, made)
}
