// A badge for a club made from its name, where no crest may be shown: two letters, one of twelve colours, one of four
// patterns. The backend makes the same ones for the page's first HTML (rules in frontend/README.md, cases in crests.json).

const COLOURS = 12
const PATTERNS = 4
const FILLER = new Set(['fc', 'sc', 'cf', 'ac', 'sa', 'fa', 'afc', 'of', 'the', 'de', 'soccer', 'football', 'futbol', 'club', 'academy', 'and'])

export interface Crest {
  letters: string
  colour: number
  pattern: number
}

/** CRC-32 (IEEE, as zlib's) of the name's UTF-8 bytes: an unsigned 32-bit integer. */
function crc32(text: string): number {
  let crc = 0xffffffff
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

function letters(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  const telling = words.filter((word) => !FILLER.has(word.toLowerCase()))
  const [first = '?', second] = telling.length ? telling : words
  const made = second ? first.charAt(0) + second.charAt(0) : first.slice(0, 2)
  return made.toUpperCase()
}

const made = new Map<string, Crest>()

export function crestOf(name: string): Crest {
  let crest = made.get(name)
  if (!crest) {
    const hash = crc32(name)
    crest = { letters: letters(name), colour: hash % COLOURS, pattern: Math.floor(hash / 256) % PATTERNS }
    made.set(name, crest)
  }
  return crest
}
