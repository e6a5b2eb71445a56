// A changed value of a match in words: the API hands on what the database keeps of it.
import { text } from '../text'
import { formatDate, formatMoment, type Where } from '../text/format'

const MOMENT = /^\d{4}-\d{2}-\d{2}T/
const DAY = /^\d{4}-\d{2}-\d{2}$/
const SCORE = /^(\d+)-(\d+)(?: \((\d+)-(\d+)\))?$/

function kickOff(value: string, where: Where): string {
  if (MOMENT.test(value)) return formatMoment(value, where)
  return DAY.test(value) ? `${formatDate(value, where)}, ${text.match.timeNotSet.toLowerCase()}` : value
}

function score(value: string): string {
  const [, home, away, mine, theirs] = SCORE.exec(value) ?? []
  if (home === undefined) return value
  return mine === undefined ? `${home}–${away}` : `${home}–${away}, ${text.match.shootout(Number(mine), Number(theirs))}`
}

/** A field's value for the reader: a kick-off by the reader's own clock, a status by its name. null: there was none. */
export function changedValue(field: string, value: string | null, where: Where = {}): string {
  if (value === null || value === '') return text.match.nothing
  if (field === 'kick_off') return kickOff(value, where)
  if (field === 'status') return text.match.status[value] ?? value
  return field === 'score' ? score(value) : value
}
