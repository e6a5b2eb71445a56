import { expect, test } from 'vitest'
import { changedKeys } from './changed'

test('only what was there and is another now has changed', () => {
  const before = new Map([[1, '1:0'], [2, '']])
  expect(changedKeys(before, new Map([[1, '1:0'], [2, '2:2'], [3, '0:0']]))).toEqual([2])
})
