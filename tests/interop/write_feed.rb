# Write a feed's documents again by to_json, with what its values become in Ruby: times, decimals, symbols.
# usage: ruby write_feed.rb SCHEDULE STANDINGS OUT_SCHEDULE OUT_STANDINGS
require "bigdecimal"
require "json"
require "time"

schedule, standings, out_schedule, out_standings = ARGV
content = JSON.parse(File.read(schedule))
content["synced_at"] = Time.iso8601(content["synced_at"])
content["events"].each do |event|
  event["start_time"] = Time.iso8601(event["start_time"])
  event["home_score"] = BigDecimal(event["home_score"]) unless event["home_score"].nil?
  event["completed"] = event["completed"] ? :true : :false
end
File.write(out_schedule, content.to_json)
File.write(out_standings, JSON.parse(File.read(standings)).to_json)
