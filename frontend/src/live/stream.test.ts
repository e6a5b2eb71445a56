import { describe, expect, test } from 'vitest'
import { concerns, versionOf } from './stream'

describe('what an event concerns', () => {
  test.each([
    ['/api/brackets/3/table', { kind: 'bracket', bracket_id: 3 }, true],
    ['/api/brackets/30/table', { kind: 'bracket', bracket_id: 3 }, false],
    ['/api/brackets', { kind: 'bracket', bracket_id: 3 }, true],
    ['/api/brackets', { kind: 'landed' }, true],
    ['/api/brackets?season=2025-26', { kind: 'landed' }, true],
    ['/api/matches/7', { kind: 'bracket', bracket_id: 3 }, true],
    ['/api/matches/7/changes?limit=100', { kind: 'bracket', bracket_id: 3 }, true],
    ['/api/matches?team=1&limit=1000', { kind: 'bracket', bracket_id: 3 }, true],
    ['/api/teams/1', { kind: 'bracket', bracket_id: 3 }, true],
    ['/api/search?q=a', { kind: 'bracket', bracket_id: 3 }, false],
    ['/api/matches/70', { kind: 'match', match_id: 7 }, false],
    ['/api/matches/7', { kind: 'match', match_id: 7 }, true],
    ['/api/matches?team=1', { kind: 'match', match_id: 7 }, true],
    ['/api/brackets/3/table', { kind: 'run' }, false],
    ['/api/freshness', { kind: 'landed' }, true],
    ['/api/search?q=a', { kind: 'reset' }, true],
  ] as const)('%s after %o: %s', (at, event, expected) => {
    expect(concerns(at, [event])).toBe(expected)
  })
})

describe('which version an address is asked for after events', () => {
  const events = [
    { kind: 'bracket', bracket_id: 3, version: 12, id: 100 },
    { kind: 'bracket', bracket_id: 4, version: 9, id: 101 },
    { kind: 'match', match_id: 7, version: null, id: 102 },
    { kind: 'bracket', bracket_id: 5, version: 2, id: 103 },
  ] as const
  test.each([
    ['/api/brackets/3/table', 12],
    ['/api/brackets/4/matches?limit=1000', 9],
    ['/api/matches/7', 103],
    ['/api/teams/1', 103],
    ['/api/freshness', undefined],
    ['/api/brackets/6/table', undefined],
  ])('%s: %s', (at, version) => {
    expect(versionOf(at, events)).toBe(version)
  })
  test('after what was missed, everything is asked by the event’s number', () => {
    expect(versionOf('/api/brackets/6/table', [...events, { kind: 'reset', id: 104 }])).toBe(104)
  })
})
