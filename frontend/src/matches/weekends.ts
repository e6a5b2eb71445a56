// Matches by the week in which they are played (Monday to Sunday, by the venue's own date), and by day within it.
import type { Match } from '../api/types'

export interface Weekend {
  /** The week's Monday, YYYY-MM-DD. */
  name: string
  from: string
  to: string
  days: { day: string; matches: Match[] }[]
  count: number
}

const DAY_MS = 86_400_000

function mondayOf(day: string): string {
  const at = new Date(`${day}T00:00:00Z`)
  return new Date(at.getTime() - ((at.getUTCDay() + 6) % 7) * DAY_MS).toISOString().slice(0, 10)
}

/** By day, then by kick-off; a match whose time is not set comes last on its day. */
export function inOrder(a: Match, b: Match): number {
  const key = (match: Match): string => match.local_date + (match.time_set ? (match.kick_off ?? '') : '~')
  return key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.id - b.id
}

export function weekendsOf(matches: readonly Match[]): Weekend[] {
  const weeks = new Map<string, Weekend>()
  for (const match of [...matches].sort(inOrder)) {
    const day = match.local_date
    const name = mondayOf(day)
    let week = weeks.get(name)
    if (!week) weeks.set(name, (week = { name, from: day, to: day, days: [], count: 0 }))
    const last = week.days.at(-1)
    if (last?.day === day) last.matches.push(match)
    else week.days.push({ day, matches: [match] })
    week.to = day
    week.count++
  }
  return [...weeks.values()]
}

/** The weekend to open with: this week's, else the next one that is played, else the last; -1 where there is none. */
export function currentWeekend(weekends: readonly Weekend[], today: string): number {
  const now = mondayOf(today)
  const next = weekends.findIndex((weekend) => weekend.name >= now)
  return next === -1 ? weekends.length - 1 : next
}
