import { describe, expect, test } from 'vitest'
import { changedValue } from './changes'

describe('a changed value reads as the rest of the page does', () => {
  const paris = { locale: 'en-US', zone: 'Europe/Paris' }
  test.each([
    ['kick_off', '2026-10-03T14:00:00Z', 'Oct 3, 2026, 4:00 PM GMT+2'],
    ['kick_off', '2026-10-03', 'Sat, Oct 3, time not set'],
    ['status', 'tbd', 'Score awaited'],
    ['status', 'unheard_of', 'unheard_of'],
    ['score', '2-1', '2–1'],
    ['score', '2-2 (4-3)', '2–2, 4–3 on penalties'],
    ['score', null, 'none'],
    ['venue', 'Field 3 - East', 'Field 3 - East'],
  ])('%s %s: %s', (field, value, said) => {
    expect(changedValue(field, value, paris).replaceAll('\u202f', ' ')).toBe(said)
  })
})
