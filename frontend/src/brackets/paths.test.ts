import { describe, expect, test } from 'vitest'
import type { Bracket, Season } from '../api/types'
import { bracketAt, choose, known, seasonsWithTables } from './paths'

const bracket = (league: string, age_group: string, division: string): Bracket => ({ id: 1, league, age_group, division }) as Bracket
const brackets = [bracket('Flex', 'U15', 'East'), bracket('Homegrown', 'U13', 'Northeast'), bracket('Homegrown', 'U14', 'Northeast'), bracket('Homegrown', 'U14', 'Florida')]

describe('the picker', () => {
  test('offers Homegrown, U14 and its divisions by name when nothing is wished for', () => {
    const choice = choose(brackets, {})
    expect([choice.leagues, choice.ages, choice.age]).toEqual([['Homegrown', 'Flex'], ['U13', 'U14'], 'U14'])
    expect(choice.divisions.map((it) => it.division)).toEqual(['Florida', 'Northeast'])
  })

  test('follows a wish written as in an address', () => {
    expect(choose(brackets, { league: 'homegrown', age: 'u13' })).toMatchObject({ league: 'Homegrown', age: 'U13' })
  })

  test('an age that the competition does not have falls back', () => {
    expect(choose(brackets, { league: 'flex', age: 'u13' })).toMatchObject({ league: 'Flex', age: 'U15' })
  })
})

test('a season without a table is not offered', () => {
  const season = (name: string, brackets: number): Season => ({ name, brackets }) as Season
  expect(seasonsWithTables([season('2027-28', 0), season('2026-27', 3), season('2025-26', 2)])).toEqual(['2026-27', '2025-26'])
})

describe('a bracket by its page’s address', () => {
  const at = { season: '2026-27', league: 'homegrown', age: 'u14', division: 'northeast' }

  test('is asked for by the API’s own names', () => {
    expect(bracketAt(at)).toBe('/api/brackets?season=2026-27&league=Homegrown&age_group=U14&division=northeast')
  })

  test('an unknown competition is not asked for', () => {
    expect(bracketAt({ ...at, league: 'sunday' })).toBeNull()
  })

  test('needs no request when the table came with the page', () => {
    const table = { bracket: { id: 3, path: '/2026-27/homegrown/u14/northeast' }, rows: [] }
    const answers = known({ '/api/brackets/3/table': table })
    expect(answers[bracketAt(at)!]).toEqual({ items: [table.bracket], next_cursor: null })
    expect(answers['/api/brackets/3/table']).toBe(table)
  })
})
