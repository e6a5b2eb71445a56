// Drives one browser for a test: a line of JSON on stdin is a command, a line of JSON on stdout its answer.
// node drive.mjs firefox|chromium-112 LOCALE TIMEZONE FOLDER
import { createInterface } from 'node:readline'

const [kind, , , folder] = process.argv.slice(2)

async function firefox() {
  const { default: puppeteer } = await import('puppeteer-core')
  return puppeteer.launch({ browser: 'firefox', executablePath: '/usr/bin/firefox-esr', headless: true, userDataDir: folder })
}

async function chromium112() {
  const { default: puppeteer } = await import('puppeteer-core-of-112')
  const { default: chromium } = await import('@sparticuz/chromium')
  chromium.setGraphicsMode = false
  const args = [...chromium.args.filter((arg) => !/incognito|single-process|no-zygote/.test(arg)), '--no-sandbox']
  return puppeteer.launch({ args, executablePath: await chromium.executablePath(), headless: 'new', userDataDir: folder })
}

const browser = await { firefox, 'chromium-112': chromium112 }[kind]()
const page = await browser.newPage()
await page.setViewport({ width: 430, height: 900 })
const complaints = []
page.on('pageerror', (fault) => complaints.push(String(fault)))

const commands = {
  go: (address) => page.goto(address, { waitUntil: 'load' }).then(() => null),
  run: (script) => page.evaluate(`(async () => { ${script} })()`),
  version: () => browser.version(),
  complaints: () => complaints.splice(0),
}

const answer = (said) => process.stdout.write(`${JSON.stringify(said)}\n`)
answer({ value: await browser.version() })
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...given] = JSON.parse(line)
  try {
    answer({ value: (await commands[name](...given)) ?? null })
  } catch (fault) {
    answer({ fault: String(fault) })
  }
}
await browser.close()
