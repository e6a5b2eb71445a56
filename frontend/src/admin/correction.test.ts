import { describe, expect, test } from 'vitest'
import type { Match } from '../api/types'
import { correctionOf, formOf, goalsOf } from './correction'

const match = {
  home_score: 2, away_score: 1, home_shootout: null, away_shootout: null, status: 'completed',
  local_date: '2026-10-03', kick_off: '2026-10-03T13:30:00Z', time_set: true, timezone: 'America/New_York',
} as unknown as Match
const form = { ...formOf(match), reason: ' The referee’s sheet ' }

describe('a correction', () => {
  test('holds only what was changed', () => {
    expect(form).toMatchObject({ home: '2', away: '1', date: '2026-10-03', time: '09:30' })
    expect(correctionOf(match, { ...form, home: '3' })).toEqual({ reason: 'The referee’s sheet', score: { home: 3, away: 1 } })
    expect(correctionOf(match, { ...form, status: 'postponed' })).toEqual({ reason: 'The referee’s sheet', status: 'postponed' })
    expect(correctionOf(match, { ...form, time: '11:00' })).toMatchObject({ kick_off: { local_date: '2026-10-03', at: '2026-10-03T15:00:00Z' } })
    expect(correctionOf(match, { ...form, time: '' })).toMatchObject({ kick_off: { local_date: '2026-10-03', at: null } })
  })
  test('is none where nothing was changed', () => {
    expect(correctionOf(match, form)).toBe('nothing')
    const unset = { ...match, time_set: false, kick_off: '2026-10-03T10:00:00Z' }
    expect(formOf(unset).time).toBe('')
    expect(correctionOf(unset, formOf(unset))).toBe('nothing')
  })
  test('needs both numbers of a score, and of a shoot-out', () => {
    expect(correctionOf(match, { ...form, home: '' })).toBe('both')
    expect(correctionOf(match, { ...form, homeShootout: '4' })).toBe('both')
    expect(correctionOf(match, { ...form, homeShootout: '4', awayShootout: '3' })).toMatchObject({ score: { home: 2, away: 1, home_shootout: 4, away_shootout: 3 } })
  })
  describe('to a forfeit', () => {
    const forfeit = { ...form, status: 'forfeit' }
    test('says who forfeited, and carries the score that follows', () => {
      expect(correctionOf(match, forfeit)).toBe('nobody')
      expect(correctionOf(match, { ...forfeit, forfeited: 'home' })).toEqual({ reason: 'The referee’s sheet', status: 'forfeit', score: { home: 0, away: 3 } })
      expect(correctionOf(match, { ...forfeit, forfeited: 'away' })).toMatchObject({ score: { home: 3, away: 0 } })
      const unplayed = { ...match, status: 'scheduled', home_score: null, away_score: null } as Match
      expect(correctionOf(unplayed, { ...formOf(unplayed), reason: 'x', status: 'forfeit', forfeited: 'away' })).toMatchObject({ score: { home: 3, away: 0 } })
    })
    test('carries the score even where the match ended like that', () => {
      const won = { ...match, home_score: 3, away_score: 0 } as Match
      expect(correctionOf(won, { ...formOf(won), reason: 'x', status: 'forfeit', forfeited: 'away' })).toMatchObject({ status: 'forfeit', score: { home: 3, away: 0 } })
    })
    test('of a shoot-out leaves the shoot-out out', () => {
      const drawn = { ...match, away_score: 2, home_shootout: 4, away_shootout: 3 } as Match
      expect(correctionOf(drawn, { ...formOf(drawn), status: 'forfeit', forfeited: 'home' })).toMatchObject({ score: { home: 0, away: 3 } })
    })
    test('shows what it fills in, and what was typed once it is none any more', () => {
      expect(goalsOf({ ...forfeit, forfeited: 'home' })).toMatchObject({ home: '0', away: '3' })
      expect(goalsOf({ ...form, forfeited: 'home' })).toMatchObject({ home: '2', away: '1' })
    })
    test('can be turned round, and taken back', () => {
      const stands = { ...match, status: 'forfeit', home_score: 0, away_score: 3 } as Match
      expect(formOf(stands).forfeited).toBe('home')
      expect(correctionOf(stands, formOf(stands))).toBe('nothing')
      expect(correctionOf(stands, { ...formOf(stands), forfeited: 'away' })).toEqual({ reason: '', score: { home: 3, away: 0 } })
      expect(correctionOf(stands, { ...formOf(stands), status: 'scheduled' })).toEqual({ reason: '', status: 'scheduled' })
    })
  })
})
