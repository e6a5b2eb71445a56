// What this device remembers for its owner. Storage may be full or forbidden: then it remembers nothing.

export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(`mt.${name}`, JSON.stringify(value))
  } catch (fault) {
    if (!(fault instanceof DOMException)) throw fault
  }
}

export function recall<T>(name: string): T | undefined {
  try {
    const kept = localStorage.getItem(`mt.${name}`)
    return kept === null ? undefined : (JSON.parse(kept) as T)
  } catch (fault) {
    if (fault instanceof DOMException || fault instanceof SyntaxError) return undefined
    throw fault
  }
}
