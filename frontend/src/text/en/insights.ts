// The weekend’s stories.
import { ordinal, plural } from './grammar'

export const insights = {
  title: 'Insights of the weekend',
  description: 'Who climbed, who fell, the upsets and the streaks of the weekend in MLS NEXT youth soccer.',
  intro: 'Who climbed and fell, who beat whom against the table, who is on a run.',
  allAges: 'All ages',
  kind: { mover: 'Movers', upset: 'Upsets', streak: 'Streaks' },
  climbed: (from: number, to: number) => `Up from ${ordinal(from)} to ${ordinal(to)}`,
  fell: (from: number, to: number) => `Down from ${ordinal(from)} to ${ordinal(to)}`,
  beat: (other: string, score: string, mine: number | null, theirs: number | null) =>
    `Beat ${other}${score && ` ${score}`}${mine && theirs ? ` (${ordinal(mine)} against ${ordinal(theirs)})` : ''}`,
  won: (n: number) => `Won ${plural(n, 'match', 'matches')} in a row`,
  unbeaten: (n: number) => `Unbeaten in ${plural(n, 'match', 'matches')}`,
  noneOf: { mover: 'Nobody moved far.', upset: 'No upset.', streak: 'No streak yet.' },
  none: 'No weekend has been played yet',
  noneHint: 'Stories of the weekend appear here after the first results of the season.',
  quiet: 'A quiet weekend',
  quietHint: 'No results for this age group have been published yet.',
}
