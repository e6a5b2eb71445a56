import { expect, test } from 'vitest'
import { crestOf } from './crest'
// The colours are zlib.crc32 of the name: the backend's Python makes the same (crc32(b"NEFC") == 0x1ef4b06f).
test.each([
  ['New York City FC', 'NY'],
  ['FC Westchester', 'WE'],
  ['NEFC', 'NE'],
  ['The Island FC East', 'IE'],
  ['Intercontinental Football Academy of New England', 'IN'],
  ['FC', 'FC'],
])('%s gets the letters %s', (name, letters) => {
  expect(crestOf(name).letters).toBe(letters)
})

test('a name always has the same colours, as CRC-32 says', () => {
  expect(crestOf('123456789')).toMatchObject({ colour: 0xcbf43926 % 12, pattern: (0xcbf43926 >>> 8) % 4 })
})
