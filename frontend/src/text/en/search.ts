// The search.
import { plural } from './grammar'

export const search = {
  title: 'Search teams and clubs',
  description: 'Find a team, a club or a division of MLS NEXT by name.',
  label: 'Team, club or division',
  placeholder: 'e.g. New York, U14',
  hint: 'Type at least two letters.',
  empty: (q: string) => `No results for “${q}”`,
  emptyHint: 'Try fewer letters, or the club’s name alone.',
  results: (n: number) => plural(n, 'result', 'results'),
  kind: { team: 'Team', club: 'Club', bracket: 'Table', venue: 'Location' } as Record<string, string>,
}
