import { describe, expect, test } from 'vitest'
import { concerns } from './stream'

describe('what an event concerns', () => {
  test.each([
    ['/api/brackets/3/table', { kind: 'bracket', bracket_id: 3 }, true],
    ['/api/brackets/30/table', { kind: 'bracket', bracket_id: 3 }, false],
    ['/api/matches/7', { kind: 'match', match_id: 7 }, true],
    ['/api/matches?team=1', { kind: 'match', match_id: 7 }, true],
    ['/api/brackets/3/table', { kind: 'run' }, false],
    ['/api/freshness', { kind: 'landed' }, true],
    ['/api/search?q=a', { kind: 'reset' }, true],
  ] as const)('%s after %o: %s', (at, event, expected) => {
    expect(concerns(at, [event])).toBe(expected)
  })
})
