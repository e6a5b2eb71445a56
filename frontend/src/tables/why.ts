// Why a team stands above the next one: the rule that separated them, with both teams' values where the row carries them.
import type { TableRow } from '../api/types'
import { text } from '../text'
import { formatRatio } from '../text/format'

const per = (of: (row: TableRow) => number) => (row: TableRow): number => (row.played ? of(row) / row.played : 0)

const values: Partial<Record<string, (row: TableRow) => number>> = {
  points_per_match: per((row) => row.points),
  wins_per_match: per((row) => row.won + row.shootouts_won),
  goal_difference_per_match: per((row) => row.goal_difference),
  goals_for_per_match: per((row) => row.goals_for),
}

/** Two ratios with as many decimals (two to four) as it takes to tell them apart. */
function apart(mine: number, theirs: number): string {
  for (const digits of [2, 3, 4]) {
    if (mine.toFixed(digits) !== theirs.toFixed(digits)) {
      return digits === 2 ? text.table.compare(formatRatio(mine), formatRatio(theirs)) : text.table.compare(mine.toFixed(digits), theirs.toFixed(digits))
    }
  }
  return text.table.compare(formatRatio(mine), formatRatio(theirs))
}

export function why(row: TableRow, next: TableRow | undefined): string {
  if (!next || !row.separated_by) return text.table.last(row.team.name)
  const rule = text.table.rule[row.separated_by] ?? row.separated_by.replaceAll('_', ' ')
  const value = values[row.separated_by]
  const sentence = text.table.above(row.team.name, next.team.name, rule)
  return value ? `${sentence.replace(/\.$/, '')}: ${apart(value(row), value(next))}.` : sentence
}
