// Every word that the site shows, in English, a file for each subject. Another language is another folder of this shape.
import { bracket } from './bracket'
import { match, matches } from './match'
import { error, fresh, home, live, missing, share, site, state } from './site'
import { table } from './table'
import { club, team } from './team'

/** What the first page needs, and what is too little for a file of its own. */
export const first = { site, home, bracket, table, match, matches, team, club, share, state, error, missing, fresh, live }

/** What comes with the page that shows it. */
export const later = {
  calendar: () => import('./calendar').then((words) => words.calendar),
  search: () => import('./search').then((words) => words.search),
  about: () => import('./about').then((words) => words.about),
  admin: () => import('./admin').then((words) => words.admin),
  chances: () => import('./chances').then((words) => words.chances),
  insights: () => import('./insights').then((words) => words.insights),
  status: () => import('./status').then((words) => words.status),
  whatIf: () => import('./whatIf').then((words) => words.whatIf),
}
