// What time it is: one clock for all that a page says of time. It ticks each minute and whenever the page is shown again,
// so that "3 hours ago" and today's matches stay true on a page that is left open. A stack that was started with --today
// says so in the page's head; its clock stands still.
import { computed, ref } from 'vue'
import { dayOf } from './format'

const TICK_MS = 60_000

const given = document.querySelector('meta[name="mt-now"]')?.getAttribute('content')
const read = (): number => (given ? Date.parse(given) : Date.now())
const clock = ref(read())
const day = computed(() => dayOf(new Date(clock.value).toISOString()))

function tick(): void {
  clock.value = read()
}
setInterval(tick, TICK_MS)
document.addEventListener('visibilitychange', tick)
for (const shown of ['pageshow', 'focus', 'online']) addEventListener(shown, tick)

/** Milliseconds since 1970. Reactive: what is computed from it is computed again when the clock ticks. */
export function now(): number {
  return clock.value
}

/** The viewer's calendar date, YYYY-MM-DD. Reactive: it is another one after midnight. */
export function today(): string {
  return day.value
}
