// From a correction's form to what the API is sent: only what is other than it was. Pure.
import type { components } from '../api/schema'
import type { Match } from '../api/types'
import { clockAt, momentAt } from '../text/zone'

type Correction = components['schemas']['Correction']

export interface Form {
  home: string
  away: string
  homeShootout: string
  awayShootout: string
  status: string
  date: string
  /** HH:MM at the venue; empty: not set. */
  time: string
  reason: string
}

const shown = (n: number | null): string => (n === null ? '' : String(n))

export function formOf(match: Match): Form {
  return {
    home: shown(match.home_score),
    away: shown(match.away_score),
    homeShootout: shown(match.home_shootout),
    awayShootout: shown(match.away_shootout),
    status: match.status,
    date: match.local_date,
    time: match.time_set && match.kick_off ? clockAt(match.kick_off, match.timezone) : '',
    reason: '',
  }
}

/** The correction; or why there is none: nothing was changed, or a score has one number alone. */
export function correctionOf(match: Match, form: Form): Correction | 'nothing' | 'both' {
  const was = formOf(match)
  const correction: Correction = { reason: form.reason.trim() }
  const goals = [form.home, form.away, form.homeShootout, form.awayShootout]
  if (goals.join() !== [was.home, was.away, was.homeShootout, was.awayShootout].join()) {
    if (!form.home || !form.away || !form.homeShootout !== !form.awayShootout) return 'both'
    correction.score = { home: Number(form.home), away: Number(form.away) }
    if (form.homeShootout) Object.assign(correction.score, { home_shootout: Number(form.homeShootout), away_shootout: Number(form.awayShootout) })
  }
  if (form.status !== was.status) correction.status = form.status as Match['status']
  if (form.date !== was.date || form.time !== was.time) {
    correction.kick_off = { local_date: form.date, at: form.time ? momentAt(form.date, form.time, match.timezone) : null }
  }
  return correction.score || correction.status || correction.kick_off ? correction : 'nothing'
}
