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
  noShootout: 'not supposed (1 point each)',
  clear: 'Clear all',
  shared: (name: string) => `What if? ${name}`,
  noOpen: 'Every match has its result',
  noOpenHint: 'Nothing is left to suppose in this division; its table is final.',
  see: 'See the table',
  nothing: 'Nothing typed yet: the table as it stands.',
  same: 'With these scores nobody moves.',
  moves: (n: number, team: string, to: number, from: number) => `With these scores ${plural(n, 'team moves', 'teams move')}: ${team} from ${ordinal(from)} to ${ordinal(to)}.`,
  caption: (name: string, n: number) => (n ? `${name}, with ${plural(n, 'supposed result', 'supposed results')}` : name),
  foot: (n: number) => (n ? `With ${plural(n, 'supposed result', 'supposed results')}. Arrows: against the table as it stands. Nothing is stored.` : 'Arrows will show who moves. Nothing is stored.'),
}
