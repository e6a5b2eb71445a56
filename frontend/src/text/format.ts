// Dates, times and numbers as the reader's locale has them. Pure: zone, locale and "now" may be handed in.

export interface Where {
  locale?: string
  zone?: string
}

// Making one of Intl's formatters takes far longer than using it.
function once<Made>(make: (...given: string[]) => Made): (...given: (string | undefined)[]) => Made {
  const made = new Map<string, Made>()
  return (...given) => {
    const key = given.join('|')
    if (!made.has(key)) made.set(key, make(...(given as string[])))
    return made.get(key) as Made
  }
}

const dates = once((options, locale, zone) => new Intl.DateTimeFormat(locale, { ...(JSON.parse(options) as Intl.DateTimeFormatOptions), timeZone: zone }))
const relatives = once((locale) => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }))
const ratios = once((locale) => new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 }))

function formatter(options: Intl.DateTimeFormatOptions, { locale, zone }: Where): Intl.DateTimeFormat {
  return dates(JSON.stringify(options), locale, zone)
}

/** A calendar date (YYYY-MM-DD), which has no zone: "Sat, Oct 3". `long` adds the year and spells out. */
export function formatDate(day: string, { long = false, locale }: Where & { long?: boolean } = {}): string {
  const options: Intl.DateTimeFormatOptions = long
    ? { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }
    : { weekday: 'short', day: 'numeric', month: 'short' }
  return formatter(options, { locale, zone: 'UTC' }).format(new Date(`${day}T12:00:00Z`))
}

/** The day of the month and the month alone: "Oct 3". */
export function formatDay(day: string, { locale }: Where = {}): string {
  return formatter({ day: 'numeric', month: 'short' }, { locale, zone: 'UTC' }).format(new Date(`${day}T12:00:00Z`))
}

/** As short as a date can be: "10/3". */
export function formatDayShort(day: string, { locale }: Where = {}): string {
  return formatter({ day: 'numeric', month: 'numeric' }, { locale, zone: 'UTC' }).format(new Date(`${day}T12:00:00Z`))
}

export function formatTime(moment: string, where: Where = {}): string {
  return formatter({ hour: 'numeric', minute: '2-digit' }, where).format(new Date(moment))
}

export function formatMoment(moment: string, where: Where = {}): string {
  return formatter({ day: 'numeric', month: 'short', year: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' }, where).format(new Date(moment))
}

/** The parts of a moment as numbers are written in English. How a locale joins them is its own affair, and changes. */
export function partsOf(options: Intl.DateTimeFormatOptions, moment: string, zone?: string): Partial<Record<Intl.DateTimeFormatPartTypes, string>> {
  const parts = formatter({ ...options, calendar: 'gregory', numberingSystem: 'latn' }, { locale: 'en', zone }).formatToParts(new Date(moment))
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]))
}

/** The calendar date (YYYY-MM-DD) on which a moment falls in a zone. */
export function dayOf(moment: string, zone?: string): string {
  const { year, month, day } = partsOf({ year: 'numeric', month: '2-digit', day: '2-digit' }, moment, zone)
  return `${year!.padStart(4, '0')}-${month!.padStart(2, '0')}-${day!.padStart(2, '0')}`
}

export function weekday(moment: string, where: Where = {}): string {
  return formatter({ weekday: 'short' }, where).format(new Date(moment))
}

/** A moment for a `datetime` attribute, which takes at most three digits of a second. */
export function machineTime(moment: string): string {
  return new Date(moment).toISOString().replace('.000Z', 'Z')
}

// A unit is used from `from` seconds on: "10 days ago" says more than "last week".
const steps: { unit: Intl.RelativeTimeFormatUnit; size: number; from: number }[] = [
  { unit: 'year', size: 31_536_000, from: 63_072_000 },
  { unit: 'month', size: 2_592_000, from: 7_776_000 },
  { unit: 'week', size: 604_800, from: 1_209_600 },
  { unit: 'day', size: 86_400, from: 86_400 },
  { unit: 'hour', size: 3_600, from: 3_600 },
  { unit: 'minute', size: 60, from: 60 },
]

/** "3 hours ago", "in 2 days"; under a minute: "now". */
export function formatAgo(moment: string, now: number, locale?: string): string {
  const seconds = (new Date(moment).getTime() - now) / 1000
  const relative = relatives(locale)
  for (const { unit, size, from } of steps) if (Math.abs(seconds) >= from) return relative.format(Math.trunc(seconds / size), unit)
  return relative.format(0, 'second')
}

/** 11 -> "+11", -3 -> "−3", 0 -> "0". */
export function formatSigned(n: number): string {
  return n > 0 ? `+${n}` : n < 0 ? `−${-n}` : '0'
}

/** Two decimals, as the league prints ratios. */
export function formatRatio(n: number, locale?: string): string {
  return ratios(locale).format(n)
}

export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}
