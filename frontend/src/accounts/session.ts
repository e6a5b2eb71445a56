// Who is signed in: the sign-in's tokens, kept in this tab until it closes. What an account may do, the API decides.
import { computed, ref } from 'vue'
import { ApiError, get, send, type Address } from '../api/http'
import { forget } from '../api/resource'
import type { components } from '../api/schema'
import { forgetOnDevice, recall, remember } from '../design/device'

type Tokens = Pick<components['schemas']['Session'], 'access_token' | 'refresh_token' | 'expires_at'>
type Signed = Tokens & { email: string }

/** A token is renewed so long before its end (seconds). */
const EARLY_S = 30

const session = ref(recall<Signed>('session', 'tab'))

export const signedInAs = computed(() => session.value?.email)

function keep({ access_token, refresh_token, expires_at }: Tokens, email: string): void {
  session.value = { access_token, refresh_token, expires_at, email }
  remember('session', session.value, 'tab')
}

export async function signIn(email: string, password: string): Promise<void> {
  keep(await send('post', '/api/accounts/sign-in', { body: { email, password } }), email)
}

/** Forgets the sign-in here, whatever comes of telling the sign-in so. */
export async function signOut(): Promise<void> {
  const token = session.value?.access_token
  ended()
  try {
    if (token) await send('post', '/api/accounts/sign-out', { token })
  } catch (fault) {
    if (!(fault instanceof ApiError)) throw fault // its token ends by itself
  }
}

function ended(): void {
  session.value = undefined
  forgetOnDevice('session', 'tab')
  forget((at) => at.startsWith('/api/admin'))
}

let renewing: Promise<void> | undefined

/** The token to send; a new one where the old one is about to end. A refresh token is good once: one at a time asks. */
async function token(): Promise<string | undefined> {
  const now = session.value
  if (now && now.expires_at - EARLY_S < Date.now() / 1000) {
    renewing ??= send('post', '/api/accounts/refresh', { body: { refresh_token: now.refresh_token } })
      .then((tokens) => keep(tokens, now.email))
      .finally(() => (renewing = undefined))
    await renewing
  }
  return session.value?.access_token
}

/** A refused token is no sign-in any more. */
async function watched<T>(asking: (token: string | undefined) => Promise<T>): Promise<T> {
  try {
    return await asking(await token())
  } catch (fault) {
    if (fault instanceof ApiError && fault.status === 401) ended()
    throw fault
  }
}

/** GETs what only some may read. */
export function getPrivate<T>(from: Address<T>, signal?: AbortSignal): Promise<T> {
  return watched((token) => get(from, signal, token))
}

/** `send` by whom is signed in. */
export const sendPrivate: typeof send = (verb, path, what) => watched((token) => send(verb, path, { ...what, token }))
