// A time limit for a request. AbortSignal.any and .timeout are younger than the browsers that we serve.

export interface Deadline {
  signal: AbortSignal
  /** Whether the time ran out. */
  passed: boolean
  /** To be called when the request is over. */
  end: () => void
}

/** Makes a signal that is aborted after `ms`, or together with `other`. */
export function deadlineOf(ms: number, other?: AbortSignal): Deadline {
  const controller = new AbortController()
  const along = (): void => controller.abort(other?.reason)
  const timer = setTimeout(() => {
    made.passed = true
    controller.abort()
  }, ms)
  const made: Deadline = {
    signal: controller.signal,
    passed: false,
    end: () => {
      clearTimeout(timer)
      other?.removeEventListener('abort', along)
    },
  }
  if (other?.aborted) along()
  else other?.addEventListener('abort', along, { once: true })
  return made
}
