import { expect, test } from 'vitest'
import type { Insight } from '../api/types'
import { sentence, target } from './insights'

const insight = (more: Partial<Insight>): Insight =>
  ({ team: { id: 7, name: 'Harbor FC', short_name: null }, opponent: null, match_id: null, before: null, after: null, result: null, length: null, score: null, weight: 1, ...more }) as Insight

test('an insight is one sentence', () => {
  expect(sentence(insight({ kind: 'mover', before: 12, after: 3 }))).toBe('Up from 12th to 3rd')
  expect(sentence(insight({ kind: 'mover', before: 1, after: 2 }))).toBe('Down from 1st to 2nd')
  const opponent = { id: 9, name: 'Quarry SC', short_name: 'Quarry' } as Insight['team']
  expect(sentence(insight({ kind: 'upset', opponent, before: 17, after: 2, score: '1-3', match_id: 4 }))).toBe('Beat Quarry 3–1 (17th against 2nd)')
  expect(sentence(insight({ kind: 'streak', result: 'W', length: 5 }))).toBe('Won 5 matches in a row')
  expect(sentence(insight({ kind: 'streak', length: 6 }))).toBe('Unbeaten in 6 matches')
})

test('an upset leads to its match, what is of a team to the team', () => {
  expect(target(insight({ kind: 'upset', match_id: 4 }))).toBe('/matches/4')
  expect(target(insight({ kind: 'streak' }))).toBe('/teams/7')
})
