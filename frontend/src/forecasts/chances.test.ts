import { expect, test } from 'vitest'
import { likely, mayHaveChances, percent, tint } from './chances'

test('a chance is whole per cent, and what is possible is never nothing or certain', () => {
  expect([0, 0.001, 0.004, 0.25, 0.999, 1].map(percent)).toEqual(['0%', '<1%', '<1%', '25%', '>99%', '100%'])
})

test('a cell is tinted the more, the likelier it is', () => {
  const tints = [0, 0.004, 0.02, 0.3, 0.6, 1].map(tint)
  expect(tints[0]).toBe(0)
  expect(tints.at(-1)).toBe(6)
  expect([...tints].sort((a, b) => a - b)).toEqual(tints)
})

test('the likely positions leave a tenth out on either side', () => {
  expect(likely([0.05, 0.1, 0.7, 0.1, 0.05])).toEqual({ from: 2, to: 4 })
  expect(likely([1, 0, 0])).toEqual({ from: 1, to: 1 })
  expect(likely([0, 0, 1])).toEqual({ from: 3, to: 3 })
})

test('children get no odds', () => {
  expect(['U13', 'U14', 'U15', 'U19'].map(mayHaveChances)).toEqual([false, false, true, true])
})
