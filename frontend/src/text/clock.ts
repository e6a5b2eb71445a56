// What time it is. A stack that was started with --today says so in the page's head; its clock stands still.
import { dayOf } from './format'

const given = document.querySelector('meta[name="mt-now"]')?.getAttribute('content')

/** Milliseconds since 1970. */
export function now(): number {
  return given ? Date.parse(given) : Date.now()
}

/** The viewer's calendar date, YYYY-MM-DD. */
export function today(): string {
  return dayOf(new Date(now()).toISOString())
}
