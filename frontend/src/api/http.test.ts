import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { address, ApiError, get, getAll, type Address } from './http'

let server: Server
let base: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? ''
    const problem = (status: number, detail: string): void => {
      response.writeHead(status, { 'content-type': 'application/problem+json' })
      response.end(JSON.stringify({ title: 'x', status, detail }))
    }
    if (path.startsWith('/pages')) {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(path.includes('cursor=two') ? { items: [3], next_cursor: null } : { items: [1, 2], next_cursor: 'two' }))
    } else if (path === '/422') problem(422, 'limit must be at most 1000, not 9999.')
    else if (path === '/500') problem(500, 'Traceback')
    else if (path === '/html') response.end('<html>')
    else problem(404, 'no match 9')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

const failure = async (path: string): Promise<ApiError> => {
  const fault = await get(`${base}${path}`).catch((fault: unknown) => fault)
  expect(fault).toBeInstanceOf(ApiError)
  return fault as ApiError
}

describe('addresses', () => {
  test('carry parameters in the path and the query, and leave out what is empty', () => {
    expect(address('/api/brackets/{bracket_id}/table', { bracket_id: 3 })).toBe('/api/brackets/3/table')
    expect(address('/api/brackets', undefined, { season: '2026-27', league: undefined })).toBe('/api/brackets?season=2026-27')
  })
})

describe('errors become sentences', () => {
  test('a refused request says what the API says', async () => {
    expect((await failure('/422')).message).toBe('limit must be at most 1000, not 9999.')
  })

  test('a fault of ours keeps its insides to itself', async () => {
    expect((await failure('/500')).message).not.toContain('Traceback')
  })

  test('nothing at the address is a 404', async () => {
    expect((await failure('/missing')).status).toBe(404)
  })

  test('an answer that is no JSON says that it could not be read', async () => {
    expect((await failure('/html')).message).toContain('could not be read')
  })

  test('no server at all says that the site could not be reached', async () => {
    const fault = await get('http://127.0.0.1:1/').catch((fault: unknown) => fault)
    expect(fault).toMatchObject({ status: 0 })
  })
})

test('a list is read to its last page', async () => {
  expect((await getAll(`${base}/pages` as Address<{ items: number[] }>)).items).toEqual([1, 2, 3])
})
