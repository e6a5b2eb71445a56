// What is proved about a team, as a page says it. Pure.
import type { components } from '../api/schema'
import { supposedOf, type Supposed } from '../tables/whatif'

export type TeamOutlook = components['schemas']['TeamOutlook']

/** A result of a way as the what-if page takes it. */
export function supposedWay(result: components['schemas']['WayResult']): Supposed {
  const { home_shootout: home, away_shootout: away } = result
  const winner = home === null || away === null ? undefined : home > away ? 'home' : 'away'
  return supposedOf(result.match_id, result.home_score, result.away_score, winner)
}

/** Points that make a place sure, the best place first; of places that the same points make sure the best alone. */
export function sureSteps(team: TeamOutlook): { place: number; points: number }[] {
  const steps: { place: number; points: number }[] = []
  for (const { place, points } of team.to_secure) {
    if (points !== null && points !== steps.at(-1)?.points) steps.push({ place, points })
  }
  return steps
}
