// What an entry of the audit log changed. Pure.

type Fields = Record<string, unknown> | null

export interface Difference {
  field: string
  before: string
  after: string
}

function words(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(words).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The fields that are other after than before, in the order in which they stand; '' is nothing. */
export function differences(before: Fields, after: Fields): Difference[] {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  return fields.map((field) => ({ field, before: words(before?.[field]), after: words(after?.[field]) })).filter((one) => one.before !== one.after)
}
