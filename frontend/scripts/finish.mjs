// After vite: the service worker with its list of files, and .gz and .br beside what the build made, so that Nginx sends
// files and compresses none. index.html stays plain: Nginx puts the page's first view into it (SSI).
import { createHash } from 'node:crypto'
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

// What is shown of an address that was never seen, without a connection: the page without any first view.
const index = readFileSync('dist/index.html', 'utf8')
const shell = index.replace(/<!--# include .*?-->/g, '').replace(/<!--# (end)?block.*?-->/g, '').replace(/<title>.*?<\/title>/, '<title>Missing Table</title><meta name="robots" content="noindex">')
writeFileSync('dist/shell.html', shell)

// Its comments are for who reads the source.
writeFileSync('dist/start.js', readFileSync('dist/start.js', 'utf8').replace(/^\s*\/\/.*\n/gm, '').replace(/ \/\/ .*$/gm, ''))

const files = walk('dist')
  .filter((path) => /^dist\/(assets\/.*\.(js|css)|icon\.svg|manifest\.webmanifest)$/.test(path))
  .map((path) => path.slice('dist'.length))
  .sort()
const worker = readFileSync('src/sw.js', 'utf8')
const version = createHash('sha256').update(worker).update(index).update(files.join()).digest('hex').slice(0, 12)
writeFileSync('dist/sw.js', worker.replace('self.__FILES__ ?? []', JSON.stringify(files)).replace("self.__VERSION__ ?? 'dev'", JSON.stringify(version)))

for (const path of walk('dist').filter((path) => worth.test(path))) {
  const plain = readFileSync(path)
  if (plain.length < smallest) continue
  writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }))
  writeFileSync(`${path}.br`, brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
}
