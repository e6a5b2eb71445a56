// The stream of events, one for all tabs of this browser: the tab that holds the lock listens, and tells the others.
// Whoever's tab closes, the next one takes over. A stream that breaks mends itself and catches up on what it missed.
import { ref } from 'vue'
import { refresh, refreshAll } from '../api/resource'

const CHANNEL = 'mt.events'
const AGAIN_MS = 4_000
const QUIET_MS = 3_000
const GATHER_MS = 120

export interface Happened {
  kind: 'bracket' | 'match' | 'landed' | 'run' | 'reset'
  bracket_id?: number | null
  match_id?: number | null
}

type Told = { happened: Happened } | { connected: boolean } | { hello: true }

/** Whether live updates have been interrupted for longer than a moment. */
export const interrupted = ref(false)

/** Whether what is at an address may be another after these events. */
export function concerns(at: string, events: readonly Happened[]): boolean {
  return events.some(({ kind, bracket_id, match_id }) => {
    if (kind === 'reset') return true
    if (kind === 'bracket') return at.startsWith(`/api/brackets/${bracket_id}/`) || at.startsWith('/api/teams/') || at.startsWith('/api/clubs/') || at.startsWith(`what-if:${bracket_id}:`)
    if (kind === 'match') return at.startsWith(`/api/matches/${match_id}`) || at.startsWith('/api/matches?')
    return at.startsWith('/api/freshness') || at.startsWith('/api/runs') || at.startsWith('/api/brackets?')
  })
}

let gathered: Happened[] = []
let pause: ReturnType<typeof setTimeout> | undefined

function take(happened: Happened): void {
  gathered.push(happened)
  pause ??= setTimeout(() => {
    const events = gathered
    gathered = []
    pause = undefined
    refresh((at) => concerns(at, events))
  }, GATHER_MS)
}

let breaking: ReturnType<typeof setTimeout> | undefined

function connected(yes: boolean): void {
  clearTimeout(breaking)
  breaking = undefined
  if (yes) {
    if (interrupted.value) refreshAll()
    interrupted.value = false
  } else breaking = setTimeout(() => (interrupted.value = true), QUIET_MS)
}

/** Listens until the tab closes. Resolves never: the lock is held as long. */
function lead(tell: (told: Told) => void, asked: (answer: () => void) => void): Promise<never> {
  let last = ''
  let open = false
  const say = (now: boolean): void => {
    open = now
    connected(now)
    tell({ connected: now })
  }
  asked(() => tell({ connected: open }))
  const listen = (): void => {
    const source = new EventSource(`/api/events${last && `?last_event_id=${last}`}`)
    source.onopen = () => say(true)
    source.onerror = () => {
      say(false)
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS) // refused: the browser gives up, we do not
    }
    for (const kind of ['bracket', 'match', 'landed', 'run', 'reset'] as const) {
      source.addEventListener(kind, (event: MessageEvent<string>) => {
        last = event.lastEventId
        const happened: Happened = { ...(JSON.parse(event.data) as Happened), kind }
        take(happened)
        tell({ happened })
      })
    }
  }
  listen()
  return new Promise(() => {})
}

/** Joins the one stream of this browser. Without locks (an old browser) every tab has its own. */
export function startLive(): void {
  const channel = new BroadcastChannel(CHANNEL)
  let answer: (() => void) | undefined
  channel.onmessage = ({ data }: MessageEvent<Told>) => {
    if ('hello' in data) answer?.()
    else if ('happened' in data) take(data.happened)
    else connected(data.connected)
  }
  channel.postMessage({ hello: true } satisfies Told)
  const begin = (): Promise<never> => lead((told) => channel.postMessage(told), (how) => (answer = how))
  if ('locks' in navigator) void navigator.locks.request(CHANNEL, begin)
  else void begin()
}
