// Insights in words. Pure.
import type { Insight } from '../api/types'
import { wordsOf } from '../text'

export const KINDS = ['mover', 'upset', 'streak'] as const

/** "0-3" -> "3–0": the winner's goals first, whoever was at home. */
function winnersFirst(score: string): string {
  const [, home, away] = /^(\d+)-(\d+)$/.exec(score) ?? []
  if (home === undefined || away === undefined) return score
  return `${Math.max(Number(home), Number(away))}–${Math.min(Number(home), Number(away))}`
}

/** What happened, as one sentence without the team's name, which stands before it. */
export function sentence({ kind, before, after, opponent, score, result, length }: Insight): string {
  const words = wordsOf('insights')
  if (kind === 'mover' && before && after) return after < before ? words.climbed(before, after) : words.fell(before, after)
  if (kind === 'upset' && opponent) return words.beat(opponent.short_name ?? opponent.name, winnersFirst(score ?? ''), before ?? null, after ?? null)
  if (kind === 'streak' && length) return result === 'W' ? words.won(length) : words.unbeaten(length)
  return ''
}

/** Where a tap leads: the match of an upset, else the team. */
export function target(one: Insight): string {
  return one.match_id ? `/matches/${one.match_id}` : `/teams/${one.team.id}`
}
