import { describe, expect, test } from 'vitest'
import type { Match } from '../api/types'
import { correctionOf, formOf } from './correction'

const match = {
  home_score: 2, away_score: 1, home_shootout: null, away_shootout: null, status: 'completed',
  local_date: '2026-10-03', kick_off: '2026-10-03T13:30:00Z', time_set: true, timezone: 'America/New_York',
} as unknown as Match
const form = { ...formOf(match), reason: ' The referee’s sheet ' }

describe('a correction', () => {
  test('holds only what was changed', () => {
    expect(form).toMatchObject({ home: '2', away: '1', date: '2026-10-03', time: '09:30' })
    expect(correctionOf(match, { ...form, home: '3' })).toEqual({ reason: 'The referee’s sheet', score: { home: 3, away: 1 } })
    expect(correctionOf(match, { ...form, status: 'forfeit' })).toEqual({ reason: 'The referee’s sheet', status: 'forfeit' })
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
})
