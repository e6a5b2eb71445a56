// @vitest-environment jsdom
import { describe, expect, test } from 'vitest'
import { followed, isFollowed, news, toggleFollow } from './follow'

describe('following a team', () => {
  test('is kept on the device, and ends the same way as it began', () => {
    const team = { id: 7, name: 'Harbor FC', age: 'U14' }
    toggleFollow(team)
    expect(isFollowed(7)).toBe(true)
    expect(JSON.parse(localStorage.getItem('mt.teams')!)).toEqual([team])
    toggleFollow(team)
    expect(followed.value).toEqual([])
  })
})

describe('new since the last visit', () => {
  test('is nothing on the first visit', () => {
    expect(news(undefined, [{ id: 1, score: '1:0' }]).size).toBe(0)
  })

  test('is a score that was not there, and one that was corrected', () => {
    const before = [{ id: 1, score: '2:2' }, { id: 2, score: '0:0' }]
    const now = [{ id: 1, score: '3:2' }, { id: 2, score: '0:0' }, { id: 3, score: '1:1' }]
    expect([...news(before, now)]).toEqual([1, 3])
  })
})
