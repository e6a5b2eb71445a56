// The teams that this device's owner follows, and which of their results they have seen. Nothing leaves the device.
import { computed, ref } from 'vue'
import type { Match } from '../api/types'
import { recall, remember } from '../design/device'

export interface Followed {
  id: number
  name: string
  age: string
}

const teams = ref<Followed[]>(recall<Followed[]>('teams') ?? [])

addEventListener('storage', (event) => {
  if (event.key === 'mt.teams') teams.value = recall<Followed[]>('teams') ?? []
})

export const followed = computed(() => teams.value)

export function isFollowed(id: number): boolean {
  return teams.value.some((team) => team.id === id)
}

export function toggleFollow(team: Followed): void {
  teams.value = isFollowed(team.id) ? teams.value.filter((one) => one.id !== team.id) : [...teams.value, team]
  remember('teams', teams.value)
}

/** A match as one value that changes when its score, its time or its place does. */
export interface Seen {
  id: number
  as: string
}

export function seenOf(match: Match): Seen {
  const when = match.time_set ? match.kick_off : match.local_date
  return { id: match.id, as: [match.status, match.home_score, match.away_score, when, match.venue?.name].join(' ') }
}

/** Ids of those that are new or other than before. */
export function news(before: readonly Seen[], now: readonly Seen[]): Set<number> {
  const known = new Map(before.map((one) => [one.id, one.as]))
  return new Set(now.filter((one) => known.get(one.id) !== one.as).map((one) => one.id))
}

/** What the device keeps of a team: as it was at the end of the visit before, as it is, and when it was last looked at. */
export interface Visits {
  before: Seen[]
  last: Seen[]
  at: number
}

/** So long without a look (ms), and the next one is another visit. */
export const VISIT_MS = 30 * 60_000

/** What is kept after a look at `at` (ms since 1970). Looks of one visit, reloads among them, compare with the same. */
export function looked(kept: Visits | undefined, now: Seen[], at: number): Visits {
  if (!kept) return { before: now, last: now, at }
  return { before: at - kept.at > VISIT_MS ? kept.last : kept.before, last: now, at }
}

/** Ids of a team's matches that are new or changed since the visit before this one. */
export function newSinceLastVisit(team: number, matches: readonly Match[]): Set<number> {
  const name = `seen.${team}`
  const visits = looked(recall<Visits>(name), matches.map(seenOf), Date.now())
  remember(name, visits)
  return news(visits.before, visits.last)
}
