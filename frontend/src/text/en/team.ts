// A team and a club.
import { ordinal } from './grammar'

export const team = {
  title: (name: string, age: string) => `${name} ${age}: next match, results, schedule`,
  description: (name: string, age: string, league: string) => `${name} ${age}, MLS NEXT ${league}: next match with time and location, last results, full schedule and position in the table.`,
  next: 'Next match',
  noNext: 'No match scheduled',
  noNextHint: 'The season may be over, or its schedule is not published yet.',
  results: 'Last results',
  lastResult: 'Last result',
  noResults: 'No result yet',
  fixtures: 'Schedule',
  noFixtures: 'No more matches scheduled',
  allResults: (n: number) => `All ${n} results`,
  allFixtures: (n: number) => `All ${n} scheduled matches`,
  fewer: 'Show fewer',
  stands: (position: number, of: number, bracket: string) => `${ordinal(position)} of ${of} in ${bracket}`,
  inTable: (bracket: string) => `Table of ${bracket}`,
  follow: 'Follow',
  following: 'Following',
  followHint: 'Kept on this device only',
  notFound: 'Team not found',
  notFoundHint: 'The link may be from another season.',
  home: 'Home',
  away: 'Away',
  club: 'Club page',
  fresh: 'New since your last visit',
  changed: 'Changed since your last visit',
  myTeams: 'My teams',
}

export const club = {
  title: (name: string) => `${name}: teams and next matches`,
  description: (name: string) => `All MLS NEXT teams of ${name} with their positions and next matches.`,
  teams: 'Teams',
  nextHome: (when: string, other: string) => `Next: ${when}, vs. ${other}`,
  nextAway: (when: string, other: string) => `Next: ${when}, at ${other}`,
  empty: 'No teams this season',
  notFound: 'Club not found',
  notFoundHint: 'The link may be old.',
}
