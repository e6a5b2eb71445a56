// The stream of events, one for all tabs of this browser: the tab that holds the lock listens, and tells the others.
// Whoever's tab closes, the next one takes over. A stream that breaks mends itself and catches up on what it missed.
import { ref } from 'vue'
import { askPast, refresh, refreshAll } from '../api/resource'

const CHANNEL = 'mt.events'
const AGAIN_MS = 4_000
const QUIET_MS = 3_000
const GATHER_MS = 120
/** The server beats every 15 s. */
const SILENT_MS = 40_000
const CHECK_MS = 5_000
/** Who is shown again within this time has just looked. */
const LOOK_MS = 3_000

export interface Happened {
  kind: 'bracket' | 'match' | 'landed' | 'run' | 'reset'
  bracket_id?: number | null
  match_id?: number | null
  /** The bracket's new version. */
  version?: number | null
  /** The event's own number: later ones are higher. */
  id?: number
}

type Told = { happened: Happened } | { connected: boolean } | { beat: true } | { hello: true } | { shown: true }

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

// When anything was last heard from the server, in this tab or through the one that listens. A phone that slept, or a network
// that swallows a connection, leaves a stream that is open and silent for ever: only the beats tell it from a quiet one.
let heard = Date.now()

/** One stream, opened anew when it is silent. Returns how to open it anew and how to end it. */
function open(tell: (told: Told) => void): { again: () => void; end: () => void; up: () => boolean } {
  let last = ''
  let up = false
  let source: EventSource | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  const say = (now: boolean): void => {
    up = now
    connected(now)
    tell({ connected: now })
  }
  const listen = (): void => {
    clearTimeout(retry)
    source?.close()
    const mine = (source = new EventSource(`/api/events${last && `?last_event_id=${last}`}`))
    const hear = (id: string): void => {
      if (id) last = id
      heard = Date.now()
    }
    mine.onopen = () => {
      hear('')
      say(true)
    }
    mine.onerror = () => {
      say(false)
      // refused: the browser gives up, we do not; and not all at once with everybody else
      if (mine.readyState === EventSource.CLOSED && source === mine) retry = setTimeout(listen, AGAIN_MS * (0.5 + Math.random()))
    }
    mine.addEventListener('beat', (event: MessageEvent<string>) => {
      hear(event.lastEventId)
      tell({ beat: true })
    })
    for (const kind of ['bracket', 'match', 'landed', 'run', 'reset'] as const) {
      mine.addEventListener(kind, (event: MessageEvent<string>) => {
        hear(event.lastEventId)
        const happened: Happened = { ...(JSON.parse(event.data) as Happened), kind, id: Number(event.lastEventId) }
        take(happened)
        tell({ happened })
      })
    }
  }
  const again = (): void => {
    heard = Date.now()
    listen()
  }
  const watch = setInterval(() => {
    if (Date.now() - heard < SILENT_MS) return
    say(false)
    again()
  }, CHECK_MS)
  listen()
  return { again, up: () => up, end: () => (clearInterval(watch), clearTimeout(retry), source?.close()) }
}

/** Joins the one stream of this browser. Without locks (an old browser) every tab has its own. */
export function startLive(): void {
  const channel = new BroadcastChannel(CHANNEL)
  const tell = (told: Told): void => channel.postMessage(told)
  let mine: ReturnType<typeof open> | undefined
  channel.onmessage = ({ data }: MessageEvent<Told>) => {
    if ('hello' in data) {
      if (mine) tell({ connected: mine.up() })
    }
    else if ('shown' in data) mine?.again()
    else {
      heard = Date.now()
      if ('happened' in data) take(data.happened)
      else if ('connected' in data) connected(data.connected)
    }
  }
  tell({ hello: true })

  const lead = (): Promise<never> => {
    heard = Date.now()
    mine = open(tell)
    return new Promise(() => {}) // the lock is held as long as the tab lives, or until another one takes it
  }
  const queue = (steal: boolean): void => {
    if (!('locks' in navigator)) return void (mine ?? lead())
    navigator.locks.request(CHANNEL, { steal }, lead).catch((fault: unknown) => {
      if (!(fault instanceof DOMException && fault.name === 'AbortError')) throw fault
      mine?.end() // another tab took it: this one was asleep
      mine = undefined
      queue(false)
    })
  }
  queue(false)

  setInterval(() => {
    if (mine || document.hidden || Date.now() - heard < SILENT_MS) return
    queue(true) // the tab that should listen says nothing at all: it is frozen
  }, CHECK_MS)

  let looked = Date.now()
  const shown = (): void => {
    if (document.hidden || Date.now() - looked < LOOK_MS) return
    looked = Date.now()
    if (mine) mine.again()
    else tell({ shown: true })
    refreshAll()
  }
  for (const event of ['visibilitychange', 'resume']) document.addEventListener(event, shown)
  for (const event of ['pageshow', 'focus', 'online']) addEventListener(event, shown)
}
