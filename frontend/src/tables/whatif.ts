// Supposed results: how they stand in a page's address, and what they do to a table. Pure.
import type { components } from '../api/schema'
import type { Match, Table, TableRow } from '../api/types'
import { hasScore } from '../matches/kickoff'

export interface Supposed {
  match_id: number
  home_score: number
  away_score: number
  /** Who wins the shoot-out after a draw (Flex). */
  shootout?: Side
}
export type Side = 'home' | 'away'

const ONE = /^(\d{1,15})-(\d{1,2})-(\d{1,2})(?:-([ha]))?$/

/** The most that the API takes at once. */
export const MOST = 200

/** "12-2-1.15-0-0-h" -> two results, a shoot-out won by the home team; what cannot be read is left out, of a match named twice the last counts. */
export function parse(written: unknown): Supposed[] {
  if (typeof written !== 'string') return []
  const found = new Map<number, Supposed>()
  for (const part of written.split('.')) {
    const [, match, home, away, winner] = ONE.exec(part) ?? []
    if (match && Number(match)) found.set(Number(match), supposedOf(Number(match), Number(home), Number(away), winner && (winner === 'h' ? 'home' : 'away')))
  }
  return [...found.values()].slice(0, MOST)
}

/** A result; only a draw keeps the winner of its shoot-out. */
export function supposedOf(match_id: number, home_score: number, away_score: number, shootout?: Side | ''): Supposed {
  return { match_id, home_score, away_score, ...(shootout && home_score === away_score && { shootout }) }
}

/** As the API takes it: of a shoot-out it is supposed who wins, not how. */
export function sent({ shootout, ...result }: Supposed): components['schemas']['SupposedResult'] {
  return shootout ? { ...result, home_shootout: shootout === 'home' ? 1 : 0, away_shootout: shootout === 'away' ? 1 : 0 } : result
}

/** The same in one word, in the order of the matches' numbers; empty: nothing is supposed. */
export function written(supposed: readonly Supposed[]): string {
  return [...supposed]
    .sort((a, b) => a.match_id - b.match_id)
    .map((one) => `${one.match_id}-${one.home_score}-${one.away_score}${one.shootout ? `-${one.shootout[0]}` : ''}`)
    .join('.')
}

/** What may be supposed: matches that have no result yet and are not called off. */
export function isOpen(match: Match): boolean {
  return (!hasScore(match) || match.status === 'live') && match.status !== 'cancelled' && match.status !== 'forfeit'
}

/** The supposed table's rows, with the present position as the one before, so that the arrows show what would move. */
export function compared(supposed: Table, present: Table): TableRow[] {
  const now = new Map(present.rows.map((row) => [row.team.id, row.position]))
  return supposed.rows.map((row) => ({ ...row, previous_position: now.get(row.team.id) ?? null }))
}

/** The rows that would stand elsewhere, those that win most places first. */
export function movers(rows: readonly TableRow[]): TableRow[] {
  const won = (row: TableRow): number => (row.previous_position ?? row.position) - row.position
  return rows.filter((row) => won(row) !== 0).sort((a, b) => won(b) - won(a) || a.position - b.position)
}
