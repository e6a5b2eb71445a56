// Positions of the teams of a division after each weekend, as lines of a chart. Pure.
import type { Match, Table } from '../api/types'
import { hasScore } from '../matches/kickoff'
import { weekendsOf } from '../matches/weekends'

/** The last days of the weekends that have a result, oldest first. */
export function playedWeekends(matches: readonly Match[]): string[] {
  return weekendsOf(matches.filter(hasScore)).map((weekend) => weekend.to)
}

export interface Line {
  team: number
  name: string
  /** One a weekend; undefined: the team was not in the table. */
  positions: (number | undefined)[]
}

/** One line a team, in the order of the last table. */
export function linesOf(tables: readonly Table[]): Line[] {
  return (tables.at(-1)?.rows ?? []).map(({ team }) => ({
    team: team.id,
    name: team.short_name ?? team.name,
    positions: tables.map((table) => table.rows.find((row) => row.team.id === team.id)?.position),
  }))
}

export interface Frame {
  width: number
  height: number
  left: number
  right: number
  top: number
  bottom: number
}

/** The path of a line: position 1 on top, one step to the right a weekend. A gap lifts the pen. */
export function pathOf(line: Line, teams: number, frame: Frame): string {
  const x = (at: number): number => frame.left + (at * (frame.width - frame.left - frame.right)) / Math.max(1, line.positions.length - 1)
  const y = (position: number): number => frame.top + ((position - 1) * (frame.height - frame.top - frame.bottom)) / Math.max(1, teams - 1)
  let path = ''
  let down = false
  line.positions.forEach((position, at) => {
    if (position !== undefined) path += `${down ? 'L' : 'M'}${x(at).toFixed(1)} ${y(position).toFixed(1)}`
    down = position !== undefined
  })
  return path
}
