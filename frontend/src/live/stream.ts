// The stream of events, one for all tabs of this browser: the tab that holds the lock listens, and tells the others.
// Whoever's tab closes, the next one takes over. A stream that breaks mends itself and catches up on what it missed.
import { ref } from 'vue'
import { askPast, refresh, refreshAll } from '../api/resource'

const CHANNEL = 'mt.events'
const AGAIN_MS = 4_000
const QUIET_MS = 3_000
const GATHER_MS = 120

export interface Happened {
  kind: 'bracket' | 'match' | 'landed' | 'run' | 'reset'
  bracket_id?: number | null
  match_id?: number | null
  /** The bracket's new version. */
  version?: number | null
  /** The event's own number: later ones are higher. */
  id?: number
}

type Told = { happened: Happened } | { connected: boolean } | { hello: true }

/** Whether live updates have been interrupted for longer than a moment. */
export const interrupted = ref(false)

const under = (at: string, path: string): boolean => at === path || at.startsWith(`${path}/`) || at.startsWith(`${path}?`)
const ofBracket = (at: string, bracket: number): boolean => at.startsWith(`/api/brackets/${bracket}/`)
const isList = (at: string): boolean => at === '/api/brackets' || at.startsWith('/api/brackets?')

/** Whether what is at an address may be another after this event. A match that is new or called off by its absence tells of itself by its brackets alone. */
function concernsOne(at: string, { kind, bracket_id, match_id }: Happened): boolean {
  if (kind === 'reset') return true
  if (kind === 'bracket') return ofBracket(at, bracket_id!) || isList(at) || ['/api/matches', '/api/teams', '/api/clubs'].some((path) => under(at, path)) || at.startsWith(`what-if:${bracket_id}:`)
  if (kind === 'match') return under(at, `/api/matches/${match_id}`) || at.startsWith('/api/matches?')
  return under(at, '/api/freshness') || under(at, '/api/runs') || isList(at)
}

/** Whether what is at an address may be another after these events. */
export function concerns(at: string, events: readonly Happened[]): boolean {
  return events.some((event) => concernsOne(at, event))
}

/**
 * What an address is asked with after these events, so that no answer that a CDN or a browser kept from before is taken:
 * the bracket's new version for what is of one bracket, else the number of the last event. undefined: nothing happened to it.
 */
export function versionOf(at: string, events: readonly Happened[]): number | undefined {
  const last = events.findLast((event) => concernsOne(at, event))
  if (!last) return undefined
  return (last.kind === 'bracket' && ofBracket(at, last.bracket_id!) ? last.version : undefined) ?? last.id
}

// The last event of each kind and subject, oldest first: a page that is opened after it asks past a CDN as well.
const lasts = new Map<string, Happened>()
askPast((at) => versionOf(at, [...lasts.values()]))

let gathered: Happened[] = []
let pause: ReturnType<typeof setTimeout> | undefined

function take(happened: Happened): void {
  gathered.push(happened)
  const subject = `${happened.kind} ${happened.bracket_id ?? happened.match_id ?? ''}`
  lasts.delete(subject)
  lasts.set(subject, happened)
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
        const happened: Happened = { ...(JSON.parse(event.data) as Happened), kind, id: Number(event.lastEventId) }
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
