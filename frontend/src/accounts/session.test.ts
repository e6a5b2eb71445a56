// @vitest-environment jsdom
import { beforeEach, expect, test, vi } from 'vitest'
import type { Address } from '../api/http'

const asked: { path: string; authorization: string | null; body: unknown }[] = []
let answers: Record<string, { status: number; body: unknown }> = {}

beforeEach(async () => {
  asked.length = 0
  sessionStorage.clear()
  vi.resetModules()
  await (await import('../text')).speak(['en'])
  vi.stubGlobal('fetch', (path: string, how: RequestInit) => {
    const headers = new Headers(how.headers)
    asked.push({ path, authorization: headers.get('authorization'), body: how.body ? JSON.parse(String(how.body)) : undefined })
    const { status, body } = answers[path] ?? { status: 404, body: {} }
    return Promise.resolve(new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } }))
  })
})

const tokens = (n: number, lasts: number) => ({ access_token: `a${n}`, refresh_token: `r${n}`, expires_at: Date.now() / 1000 + lasts })
const list = '/api/admin/audit' as Address<{ items: unknown[] }>

test('a sign-in is sent with what is private, and is gone once it is refused', async () => {
  const { signIn, signedInAs, getPrivate } = await import('./session')
  answers = { '/api/accounts/sign-in': { status: 200, body: tokens(1, 3600) }, [list]: { status: 200, body: { items: [] } } }
  await signIn('a@example.org', 'secret')
  expect(signedInAs.value).toBe('a@example.org')
  await getPrivate(list)
  expect(asked.at(-1)).toMatchObject({ path: list, authorization: 'Bearer a1' })
  expect(localStorage.length).toBe(0) // the tab keeps it, not the device
  answers[list] = { status: 401, body: { detail: 'The token is not good.' } }
  await expect(getPrivate(list)).rejects.toThrow('The token is not good.')
  expect(signedInAs.value).toBeUndefined()
  expect(sessionStorage.length).toBe(0)
})

test('a token that is about to end is renewed once, however many ask', async () => {
  const { signIn, getPrivate } = await import('./session')
  answers = { '/api/accounts/sign-in': { status: 200, body: tokens(1, 10) }, '/api/accounts/refresh': { status: 200, body: tokens(2, 3600) }, [list]: { status: 200, body: { items: [] } } }
  await signIn('a@example.org', 'secret')
  await Promise.all([getPrivate(list), getPrivate(list)])
  expect(asked.filter((one) => one.path === '/api/accounts/refresh').map((one) => one.body)).toEqual([{ refresh_token: 'r1' }])
  expect(asked.filter((one) => one.path === list).map((one) => one.authorization)).toEqual(['Bearer a2', 'Bearer a2'])
})
