// The teams that this device's owner follows, and which of their results they have seen. Nothing leaves the device.
import { computed, ref } from 'vue'
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

/** What has a score, as one value that changes when a score does. */
export interface Seen {
  id: number
  score: string
}

/** Ids of those that are new or other than when this device last saw the team; none on its first visit. */
export function news(before: readonly Seen[] | undefined, now: readonly Seen[]): Set<number> {
  if (!before) return new Set()
  const known = new Map(before.map((one) => [one.id, one.score]))
  return new Set(now.filter((one) => known.get(one.id) !== one.score).map((one) => one.id))
}

const session = new Map<number, readonly Seen[] | undefined>()

/** What is new of a team since the visit before this one. A visit lasts as long as the tab. */
export function newSinceLastVisit(team: number, now: readonly Seen[]): Set<number> {
  const name = `seen.${team}`
  if (!session.has(team)) session.set(team, recall<Seen[]>(name))
  remember(name, now)
  return news(session.get(team), now)
}
