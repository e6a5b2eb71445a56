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
  /** Which team forfeited; empty: not said, or no forfeit. */
  forfeited: '' | 'home' | 'away'
  date: string
  /** HH:MM at the venue; empty: not set. */
  time: string
  reason: string
}

const shown = (n: number | null): string => (n === null ? '' : String(n))

type Goals = Pick<Form, 'home' | 'away' | 'homeShootout' | 'awayShootout'>

/** The score that a form stands for: of a forfeit 0-3 or 3-0, whatever was typed before. */
export function goalsOf(form: Form): Goals {
  if (form.status !== 'forfeit') return form
  const goals = { '': ['', ''], home: ['0', '3'], away: ['3', '0'] }[form.forfeited]
  return { home: goals[0]!, away: goals[1]!, homeShootout: '', awayShootout: '' }
}

function forfeitedOf(match: Match): Form['forfeited'] {
  if (match.status !== 'forfeit' || match.home_score === match.away_score) return ''
  return match.home_score! < match.away_score! ? 'home' : 'away'
}

export function formOf(match: Match): Form {
  return {
    home: shown(match.home_score),
    away: shown(match.away_score),
    homeShootout: shown(match.home_shootout),
    awayShootout: shown(match.away_shootout),
    status: match.status,
    forfeited: forfeitedOf(match),
    date: match.local_date,
    time: match.time_set && match.kick_off ? clockAt(match.kick_off, match.timezone) : '',
    reason: '',
  }
}

const listed = ({ home, away, homeShootout, awayShootout }: Goals): string => [home, away, homeShootout, awayShootout].join()

/** The correction; or why there is none: nothing was changed, a score has one number alone, nobody forfeited. */
export function correctionOf(match: Match, form: Form): Correction | 'nothing' | 'both' | 'nobody' {
  const was = formOf(match)
  const correction: Correction = { reason: form.reason.trim() }
  const goals = goalsOf(form)
  const forfeit = form.status === 'forfeit'
  if (forfeit && !form.forfeited) return 'nobody'
  if (listed(goals) !== listed(was) || (forfeit && form.status !== was.status)) {
    if (!goals.home || !goals.away || !goals.homeShootout !== !goals.awayShootout) return 'both'
    correction.score = { home: Number(goals.home), away: Number(goals.away) }
    if (goals.homeShootout) Object.assign(correction.score, { home_shootout: Number(goals.homeShootout), away_shootout: Number(goals.awayShootout) })
  }
  if (form.status !== was.status) correction.status = form.status as Match['status']
  if (form.date !== was.date || form.time !== was.time) {
    correction.kick_off = { local_date: form.date, at: form.time ? momentAt(form.date, form.time, match.timezone) : null }
  }
  return correction.score || correction.status || correction.kick_off ? correction : 'nothing'
}
