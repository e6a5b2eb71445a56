// Write a feed's documents again by JSON.stringify, with what its values become in JavaScript: dates, NaN, half characters.
// usage: node write_feed.mjs SCHEDULE STANDINGS OUT_SCHEDULE OUT_STANDINGS
import { readFileSync, writeFileSync } from 'node:fs'

const [schedule, standings, outSchedule, outStandings] = process.argv.slice(2)
const read = (file) => JSON.parse(readFileSync(file, 'utf8'))
const content = read(schedule)
for (const event of content.events) {
  event.start_time = new Date(event.start_time)
  event.round_number = Number.parseInt('', 10)
  const place = event.event_location
  if (place && place.name !== 'TBD') place.name = `${place.name} 🥅`.slice(0, -1)
  event.division = undefined
}
writeFileSync(outSchedule, '\ufeff' + JSON.stringify(content))
writeFileSync(outStandings, '\ufeff' + JSON.stringify(read(standings)))
