import { expect, test } from 'vitest'
import { clockAt, momentAt } from './zone'

test('a time at a venue is a moment, in summer and in winter', () => {
  expect(momentAt('2026-10-03', '09:30', 'America/New_York')).toBe('2026-10-03T13:30:00Z')
  expect(momentAt('2026-12-05', '09:30', 'America/New_York')).toBe('2026-12-05T14:30:00Z')
  expect(momentAt('2026-12-05', '18:00', 'America/Phoenix')).toBe('2026-12-06T01:00:00Z')
})

test('the day on which clocks change is right on both sides of the change', () => {
  expect(momentAt('2026-11-01', '00:30', 'America/New_York')).toBe('2026-11-01T04:30:00Z')
  expect(momentAt('2026-11-01', '10:00', 'America/New_York')).toBe('2026-11-01T15:00:00Z')
  expect(momentAt('2027-03-14', '10:00', 'America/New_York')).toBe('2027-03-14T14:00:00Z')
})

test('a moment comes back as the time that it was made of', () => {
  for (const zone of ['America/New_York', 'America/Los_Angeles', 'Europe/Paris', 'UTC'])
    for (const day of ['2026-08-15', '2026-11-01', '2027-01-31']) expect(clockAt(momentAt(day, '13:45', zone), zone)).toBe('13:45')
})
