# preflight.sh prod and cloud: what is wrong, a line and a fix each.
load two_clusters

setup() {
  cd "$TREE" || return 1
  tell home "$(cat "$MT_OBJECTS/healthy.json")"
  tell cloud '{"reset": true}'
  cp envs/.env.prod "$BATS_TEST_TMPDIR/env.prod"
  THE_CLOUD_IS_MEANT=
}

@test "all well: every line passes, and nothing was changed" {
  run scripts/preflight.sh prod
  echo "$output"
  [ "$status" -eq 0 ]
  said "0 warnings, 0 failed"
  for what in "PASS  context" "PASS  secret iron-claw/radius" "PASS  statefulset/rabbitmq: 1 of 1 ready, image missing-table/rabbitmq:" \
    "PASS  pod match-scraper/rabbitmq-0" "PASS  image of match-scraper-agent" "PASS  CronJob: runs at '0 14 \* \* \*' UTC" \
    "PASS  last run" "PASS  queue matches: 3 messages, 2 consumers" "PASS  dead letters" "PASS  budget of agent: 12 %" \
    "PASS  public API" "PASS  freshness"; do
    said "${what//\\/}"
  done
  [ -z "$(changes home | grep -v /exec)" ]
}

@test "whatever is wrong has its line, and its fix" {
  tell home "$(cat "$MT_OBJECTS/broken.json")"
  run scripts/preflight.sh prod
  echo "$output"
  [ "$status" -eq 1 ]
  for what in "FAIL  CronJob: is suspended" "FAIL  secret iron-claw/freeradius: lacks db-password" \
    "FAIL  secret iron-claw/radius: is missing" "FAIL  deployment/freeradius: 0 of 1 ready" \
    "FAIL  pod iron-claw/freeradius-0: not ready (CrashLoopBackOff)" "WARN  pod iron-claw/iron-claw-proxy-0: ready, restarted 4 times" \
    "FAIL  queue matches: 12 messages, nobody consumes" "WARN  dead letters: 2 in matches.dead" \
    "WARN  budget of agent: 95 % of 1000 tokens used" "WARN  budget of ann: spent: 1000 of 1000 tokens" \
    "WARN  image of celery-worker: missing-table/worker:0.0.9 runs, the manifests say missing-table/worker:0.1.0" \
    "FAIL  last run: match-scraper-agent-1 of 2026-11-25T14:00:00Z failed" \
    "FAIL  public API:" '/health/ready answers 503: {"status":"no database"}' "FAIL  freshness:"; do
    said "$what"
  done
  [ "$(printf '%s\n' "$output" | grep -c '^FAIL\|^WARN')" -eq "$(printf '%s\n' "$output" | grep -c '^      fix: ')" ]
  said "9 failed"
}

@test "the health check of the cloud looks and changes nothing; home is not asked" {
  THE_CLOUD_IS_MEANT=yes
  run scripts/preflight.sh cloud
  said "FAIL  secret missing-table/missing-table-backend: is missing"
  [ "$status" -eq 1 ]
  [ -z "$(changes cloud)" ]
  [ -n "$(requests cloud)" ]
  [ -z "$(requests home | grep -v ' /health/')" ]
}
