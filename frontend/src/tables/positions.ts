// Positions of the teams of a division after each weekend, as lines of a chart. Pure.
import type { TeamHistory } from '../api/types'

export interface Line {
  team: number
  name: string
  /** One a weekend; undefined: the team was not in the table. */
  positions: (number | undefined)[]
}

/** The last days of the weekends that have a result, oldest first. */
export function weekendsOf(histories: readonly TeamHistory[]): string[] {
  return [...new Set(histories.flatMap(({ positions }) => positions.map((one) => one.last_day)))].sort()
}

/** One line a team, in the order of the table. */
export function linesOf(histories: readonly TeamHistory[], days: readonly string[]): Line[] {
  return histories.map(({ team, positions }) => ({
    team: team.id,
    name: team.short_name ?? team.name,
    positions: days.map((day) => positions.find((one) => one.last_day === day)?.position),
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
