// Addresses of brackets: what the API is asked, and which brackets there are to choose from.
import { address, type Address, type Answer } from '../api/http'
import type { Bracket, Season } from '../api/types'

type BracketList = Answer<'/api/brackets'>

/** The competitions in the order in which they are offered. */
const LEAGUES: Bracket['league'][] = ['Homegrown', 'Academy', 'Flex']

/** All brackets of a season (undefined: the current one). */
export function bracketsOf(season?: string): Address<BracketList> {
  return address('/api/brackets', undefined, { season })
}

/** The names of those seasons that have a table, newest first. */
export function seasonsWithTables(seasons: readonly Season[]): string[] {
  return seasons.filter((season) => season.brackets > 0).map((season) => season.name)
}

export interface BracketPath {
  season: string
  league: string
  age: string
  division: string
}

/** Where the bracket of a page's address is found; null: there is no such competition. */
export function bracketAt({ season, league, age, division }: BracketPath): Address<BracketList> | null {
  const known = LEAGUES.find((name) => name.toLowerCase() === league.toLowerCase())
  return known ? address('/api/brackets', undefined, { season, league: known, age_group: age.toUpperCase(), division }) : null
}

/** The answers that a table which came with the page's HTML makes unnecessary: its bracket's, by the page's address. */
export function known(answers: Record<string, unknown>): Record<string, unknown> {
  const more: Record<string, unknown> = {}
  for (const answer of Object.values(answers)) {
    const bracket = (answer as { bracket?: Bracket }).bracket
    const [season, league, age, division] = bracket?.path.split('/').slice(1) ?? []
    const at = season && league && age && division ? bracketAt({ season, league, age, division }) : null
    if (at) more[at] = { items: [bracket], next_cursor: null }
  }
  return { ...answers, ...more }
}

/** U9 before U13 before U14. */
export function byAge(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

export interface Choice {
  leagues: Bracket['league'][]
  ages: string[]
  league: string
  age: string
  divisions: Bracket[]
}

/** What the picker offers; a wish (from the address or from the last visit) that is not there falls back to the first. */
export function choose(brackets: readonly Bracket[], wanted: { league?: string; age?: string }): Choice {
  const leagues = [...new Set(brackets.map((bracket) => bracket.league))].sort((a, b) => LEAGUES.indexOf(a) - LEAGUES.indexOf(b))
  const league = leagues.find((name) => name.toLowerCase() === wanted.league?.toLowerCase()) ?? leagues[0] ?? ''
  const ours = brackets.filter((bracket) => bracket.league === league)
  const ages = [...new Set(ours.map((bracket) => bracket.age_group))].sort(byAge)
  const age = ages.find((name) => name.toLowerCase() === wanted.age?.toLowerCase()) ?? (ages.includes('U14') ? 'U14' : (ages[0] ?? ''))
  const divisions = ours.filter((bracket) => bracket.age_group === age).sort((a, b) => a.division.localeCompare(b.division, 'en'))
  return { leagues, ages, league, age, divisions }
}
