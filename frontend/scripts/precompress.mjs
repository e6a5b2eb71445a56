// Writes .gz and .br beside what the build made, so that Nginx sends files and compresses none. index.html stays plain:
// Nginx puts the page's first view into it (SSI) and compresses the answer.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const worth = /\.(js|css|svg|json|txt|webmanifest)$/
const smallest = 600 // bytes: below it, compressing saves no packet

function walk(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? walk(path) : [path]
  })
}

for (const path of walk('dist').filter((path) => worth.test(path))) {
  const plain = readFileSync(path)
  if (plain.length < smallest) continue
  writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }))
  writeFileSync(`${path}.br`, brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
}
