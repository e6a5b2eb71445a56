// From what a clock on a wall shows, in some zone, to the moment that it means. Pure.
import { dayOf, partsOf } from './format'

const MINUTE_MS = 60_000

/** What the clocks of a zone show at a moment, as if it were UTC: milliseconds. */
function shown(at: number, zone: string): number {
  const iso = new Date(at).toISOString()
  const { hour, minute } = partsOf({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, iso, zone)
  return Date.parse(`${dayOf(iso, zone)}T${hour!.padStart(2, '0')}:${minute!.padStart(2, '0')}:00Z`)
}

/** The moment (ISO, UTC) at which clocks in `zone` show this date (YYYY-MM-DD) and time (HH:MM). An hour that is skipped means the one after. */
export function momentAt(day: string, time: string, zone: string): string {
  const wall = Date.parse(`${day}T${time}:00Z`)
  let at = wall
  for (let round = 0; round < 2; round++) at += wall - shown(at, zone) // the offset may change between guess and moment
  return new Date(Math.round(at / MINUTE_MS) * MINUTE_MS).toISOString().replace('.000Z', 'Z')
}

/** The time (HH:MM) that clocks in `zone` show at a moment. */
export function clockAt(moment: string, zone: string): string {
  return new Date(shown(Date.parse(moment), zone)).toISOString().slice(11, 16)
}
