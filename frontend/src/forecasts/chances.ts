// Chances in words and widths. Pure.

/** A share as whole per cent; what is possible is never shown as certain or as nothing. */
export function percent(share: number): string {
  const whole = Math.round(share * 100)
  if (share > 0 && whole === 0) return '<1%'
  if (share < 1 && whole === 100) return '>99%'
  return `${whole}%`
}

/** How strongly a cell is tinted: 0 (not at all) to 6. */
export function tint(share: number): number {
  return share < 0.005 ? 0 : Math.min(6, 1 + Math.floor(share * 8))
}

/** The positions that hold the middle of a team's chances: from the one below which lies a tenth to the one above. */
export function likely(chances: readonly number[]): { from: number; to: number } {
  let sum = 0
  let from = 0
  let to = 0
  chances.forEach((share, index) => {
    sum += share
    if (!from && sum >= 0.1) from = index + 1
    if (!to && sum >= 0.9) to = index + 1
  })
  return { from: from || 1, to: to || chances.length }
}

/** Children get no odds: the youngest age group that has chances. The API makes none for younger ones. */
const YOUNGEST = 15

export function mayHaveChances(ageGroup: string): boolean {
  return Number(ageGroup.replace(/\D/g, '')) >= YOUNGEST
}
