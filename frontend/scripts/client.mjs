// Writes src/api/schema.ts from openapi.json, which the backend writes (python -m missing_table.server.documents).
// --check: changes nothing and fails when the file is stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const from = new URL('../openapi.json', import.meta.url)
const to = new URL('../src/api/schema.ts', import.meta.url)
const made = `// Generated from openapi.json by npm run client. Do not edit.\n${astToString(await openapiTS(from))}`

if (process.argv.includes('--check')) {
  if (!existsSync(to) || readFileSync(to, 'utf8') !== made) {
    console.error('src/api/schema.ts is stale: run `npm run client` in frontend/ and commit the result.')
    process.exit(1)
  }
} else {
  writeFileSync(to, made)
}
