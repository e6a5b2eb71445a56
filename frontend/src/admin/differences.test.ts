import { expect, test } from 'vitest'
import { differences } from './differences'

test('an entry of the audit log is told by the fields that changed', () => {
  const before = { id: 3, home_score: null, locks: [], status: 'tbd' }
  const after = { id: 3, home_score: 2, locks: ['score', 'status'], status: 'completed' }
  expect(differences(before, after)).toEqual([
    { field: 'home_score', before: '', after: '2' },
    { field: 'locks', before: '', after: 'score, status' },
    { field: 'status', before: 'tbd', after: 'completed' },
  ])
  expect(differences(null, { role: 'admin', of: { team: 1 } })).toEqual([
    { field: 'role', before: '', after: 'admin' },
    { field: 'of', before: '', after: '{"team":1}' },
  ])
})
