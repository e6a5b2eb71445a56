// What this device remembers for its owner. Storage may be full or forbidden: then it remembers nothing.

/** Where it is kept: on the device until it is forgotten, or in this tab until it closes. */
export type Keeper = 'device' | 'tab'
const keeperOf = (keeper: Keeper): Storage | undefined => (keeper === 'tab' ? globalThis.sessionStorage : globalThis.localStorage) // none outside a browser

export function remember(name: string, value: unknown, keeper: Keeper = 'device'): void {
  try {
    keeperOf(keeper)?.setItem(`mt.${name}`, JSON.stringify(value))
  } catch (fault) {
    if (!(fault instanceof DOMException)) throw fault
  }
}

export function recall<T>(name: string, keeper: Keeper = 'device'): T | undefined {
  try {
    const kept = keeperOf(keeper)?.getItem(`mt.${name}`)
    return kept === null || kept === undefined ? undefined : (JSON.parse(kept) as T)
  } catch (fault) {
    if (fault instanceof DOMException || fault instanceof SyntaxError) return undefined
    throw fault
  }
}

export function forgetOnDevice(name: string, keeper: Keeper = 'device'): void {
  try {
    keeperOf(keeper)?.removeItem(`mt.${name}`)
  } catch (fault) {
    if (!(fault instanceof DOMException)) throw fault
  }
}
