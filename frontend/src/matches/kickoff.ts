// What stands in the place of a match's time or score. A time that is not set is never shown as a time.
import { ref } from 'vue'
import type { Match } from '../api/types'
import { recall, remember } from '../design/device'
import { text } from '../text'
import { dayOf, formatTime, weekday, type Where } from '../text/format'

/** Whether lists show times as the clocks at the venue have them; else as the reader's own. Kept on the device. */
export const atVenue = ref(recall<boolean>('venueTimes') ?? false)

export function setAtVenue(yes: boolean): void {
  atVenue.value = yes
  remember('venueTimes', yes)
}

type Timed = Pick<Match, 'kick_off' | 'time_set' | 'local_date'> & { timezone?: string }

/** The kick-off in the viewer's zone ("9:30 AM"); with the day where that differs from the venue's; or "Time not set". */
export function kickOffText(match: Timed, where: Where = {}): string {
  if (!match.time_set || !match.kick_off) return text.match.timeNotSet
  const there = where.zone || !atVenue.value ? where : { ...where, zone: match.timezone }
  const time = formatTime(match.kick_off, there)
  return dayOf(match.kick_off, there.zone) === match.local_date ? time : `${weekday(match.kick_off, there)} ${time}`
}

/** Whether the clock at the venue shows another time than the reader's. */
export function elsewhere(match: Timed, zone?: string): boolean {
  if (!match.time_set || !match.kick_off || !match.timezone) return false
  const at = match.kick_off
  return dayOf(at, zone) + formatTime(at, { zone }) !== dayOf(at, match.timezone) + formatTime(at, { zone: match.timezone })
}

export function hasScore(match: Pick<Match, 'home_score' | 'away_score'>): boolean {
  return match.home_score !== null && match.away_score !== null
}

export type Outcome = 'won' | 'lost' | 'tied' | undefined

/** How a match ended for one side; undefined while it has no final score. A shoot-out decides a draw. */
export function outcome(match: Match, side: 'home' | 'away'): Outcome {
  if (!hasScore(match) || match.status === 'live') return undefined
  const other = side === 'home' ? 'away' : 'home'
  const mine = [match[`${side}_score`]!, match[`${side}_shootout`] ?? 0] as const
  const theirs = [match[`${other}_score`]!, match[`${other}_shootout`] ?? 0] as const
  const difference = mine[0] - theirs[0] || mine[1] - theirs[1]
  return difference > 0 ? 'won' : difference < 0 ? 'lost' : 'tied'
}

/** Neither played nor called off. */
export function isAhead(match: Match): boolean {
  return match.status === 'scheduled' || match.status === 'live' || match.status === 'postponed'
}
