// For the tests: every word is there.
import { speak, withWords } from '.'

await speak(['en'])
await withWords(() => Promise.resolve(), 'about', 'admin', 'calendar', 'search', 'chances', 'insights', 'status', 'whatIf')
