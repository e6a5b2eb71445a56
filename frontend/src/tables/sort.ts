// The table in another order than the league's. Teams that are level in a column keep the league's order.
import type { TableRow } from '../api/types'

export type Column = 'position' | 'team' | 'played' | 'won' | 'tied' | 'lost' | 'goalsFor' | 'goalsAgainst' | 'points' | 'ppm' | 'gd'

/** What a column is sorted by, and whether its highest value comes first on the first tap. */
export const COLUMNS: Record<Column, { of: (row: TableRow) => number | string; down: boolean }> = {
  position: { of: (row) => row.position, down: false },
  team: { of: (row) => row.team.name.toLowerCase(), down: false },
  played: { of: (row) => row.played, down: true },
  won: { of: (row) => row.won, down: true },
  tied: { of: (row) => row.tied, down: true },
  lost: { of: (row) => row.lost, down: true },
  goalsFor: { of: (row) => row.goals_for, down: true },
  goalsAgainst: { of: (row) => row.goals_against, down: true },
  points: { of: (row) => row.points, down: true },
  ppm: { of: (row) => row.points_per_match, down: true },
  gd: { of: (row) => row.goal_difference, down: true },
}

export interface Sort {
  column: Column
  down: boolean
}

/** A sort as it stands in an address, "-points" for the highest first; undefined: the league's order. */
export function parseSort(written: unknown): Sort | undefined {
  if (typeof written !== 'string') return undefined
  const column = written.replace(/^-/, '')
  return Object.hasOwn(COLUMNS, column) ? { column: column as Column, down: written.startsWith('-') } : undefined
}

export function writtenSort(sort: Sort | undefined): string | undefined {
  return sort && `${sort.down ? '-' : ''}${sort.column}`
}

export function sorted(rows: readonly TableRow[], column: Column, down: boolean): TableRow[] {
  const { of } = COLUMNS[column]
  const way = down ? -1 : 1
  return [...rows].sort((a, b) => {
    const [x, y] = [of(a), of(b)]
    return x === y ? a.position - b.position : x < y ? -way : way
  })
}
