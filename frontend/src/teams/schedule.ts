// A team's matches, told apart: the next one, what is ahead, what is played.
import type { Match } from '../api/types'
import { hasScore, isAhead } from '../matches/kickoff'
import { inOrder } from '../matches/weekends'

export interface Schedule {
  next: Match | undefined
  /** After the next one, in order; postponed ones among them. */
  fixtures: Match[]
  /** Played (with a score, or one awaited), newest first. */
  results: Match[]
}

export function scheduleOf(matches: readonly Match[], today: string): Schedule {
  const all = [...matches].sort(inOrder)
  const ahead = all.filter((match) => isAhead(match) && match.local_date >= today)
  const next = ahead.find((match) => match.status !== 'postponed')
  return {
    next,
    fixtures: ahead.filter((match) => match !== next),
    results: all.filter((match) => !ahead.includes(match) && (hasScore(match) || match.status === 'tbd')).reverse(),
  }
}
