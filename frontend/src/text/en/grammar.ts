// How English counts.
const ordinals = new Intl.PluralRules('en', { type: 'ordinal' })

/** 1 -> "1st", 22 -> "22nd". */
export function ordinal(n: number): string {
  const rule = ordinals.select(n)
  return `${n}${{ one: 'st', two: 'nd', few: 'rd', other: 'th', zero: 'th', many: 'th' }[rule]}`
}

/** "1 match", "3 matches". */
export function plural(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`
}
