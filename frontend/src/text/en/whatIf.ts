// Scores that are supposed.
import { ordinal, plural } from './grammar'

export const whatIf = {
  title: (age: string, division: string, league: string, season: string) => `What if? ${age} ${division} · MLS NEXT ${league} ${season}`,
  description: (age: string, division: string, league: string) => `Type scores for the matches to come and see how the ${age} ${division} table (MLS NEXT ${league}) would move. Share it with a link.`,
  heading: 'What if?',
  intro: 'Type scores and see the table move. The link keeps them: share it.',
  fixtures: 'Matches without a result',
  goals: (team: string, other: string) => `Goals of ${team} against ${other}`,
  shootout: 'Penalties won by',
  shootoutOf: (home: string, away: string) => `Penalties of ${home} against ${away} won by`,
  noShootout: 'not entered (1 point each)',
  clear: 'Clear all',
  shared: (name: string) => `What if? ${name}`,
  noOpen: 'Every match has its result',
  noOpenHint: 'No matches are left in this division; its table is final.',
  see: 'See the table',
  nothing: 'No scores entered yet: this is the current table.',
  same: 'With these scores, no team moves.',
  moves: (n: number, team: string, to: number, from: number) => `With these scores, ${plural(n, 'team moves', 'teams move')}: ${team} from ${ordinal(from)} to ${ordinal(to)}.`,
  caption: (name: string, n: number) => (n ? `${name}, with ${plural(n, 'entered score', 'entered scores')}` : name),
  foot: (n: number) => (n ? `With ${plural(n, 'entered score', 'entered scores')}. Arrows show the change from the current table. Nothing is saved.` : 'Arrows will show who moves. Nothing is saved.'),
}
