// The frame of every page, its states and its errors; the picker.
import { plural } from './grammar'

export const site = {
  name: 'Missing Table',
  tagline: 'MLS NEXT tables and schedules, and how fresh they are',
  description: 'Tables, schedules and results of MLS NEXT youth soccer, quick to read on a phone, with the time they were published.',
  skip: 'Skip to content',
  nav: 'Site',
  tables: 'Tables',
  weekend: 'Weekend',
  search: 'Search',
  status: 'Status',
  about: 'About',
  footer: 'An independent site. Data as published by MLS NEXT; not affiliated with Major League Soccer.',
}

export const home = {
  heading: 'Find a table',
  intro: 'Pick a competition and an age group.',
  last: 'Last viewed',
  league: 'Competition',
  age: 'Age group',
  season: 'Season',
  divisions: (league: string, age: string) => `${league}, ${age}: divisions`,
  counts: (teams: number, played: number, matches: number) => `${plural(teams, 'team', 'teams')} · ${played} of ${plural(matches, 'match', 'matches')} played`,
  noMatches: (teams: number) => `${plural(teams, 'team', 'teams')} · no matches yet`,
  empty: 'No tables yet',
  emptyHint: 'The league’s data is checked once a day. The tables appear here after the first check.',
  none: 'No division in this age group',
  noneHint: 'This competition is not played at this age, or it is not published yet. Try another age group.',
}

export const state = {
  close: 'Close',
  loading: 'Loading',
  error: 'This could not be loaded',
  retry: 'Try again',
  stale: (ago: string) => `Showing what was loaded ${ago}. It could not be refreshed.`,
  offline: 'You are offline.',
  goHome: 'All tables',
}

export const error = {
  network: 'The site could not be reached. Check the connection and try again.',
  timeout: 'The answer took too long. Try again.',
  401: 'Please sign in first.',
  403: 'This account may not do that.',
  404: 'Not found.',
  409: 'Somebody else changed this in the meantime. Load it again.',
  422: 'Something in the request is not right.',
  429: 'Too many requests at once. Wait a little and try again.',
  500: 'Something went wrong on our side. It has been logged; try again in a minute.',
  503: 'The site is down for a moment. Try again in a minute.',
  unreadable: 'The answer could not be read. Try again.',
} as Record<string | number, string>

export const missing = {
  title: 'Page not found',
  heading: 'Page not found',
  hint: 'The link may be old or mistyped.',
  description: 'There is no page at this address. The link may be old or mistyped.',
}

export const fresh = {
  published: 'Published',
  never: 'Not published yet',
}

export const live = {
  lost: 'Live updates are interrupted. Trying again…',
  back: 'Live updates are back.',
}

export const share = {
  share: 'Share',
  copy: 'Copy link',
  copied: 'Link copied',
  notCopied: 'Copy it from the address bar',
}
