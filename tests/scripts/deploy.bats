# deploy.sh: the diff, the question, the order, the wait; and the only script that may change the cloud.
load two_clusters

@test "the diff alone changes nothing" {
  kubectl --context rancher-desktop -n match-scraper set image deployment/celery-worker worker=missing-table/worker:0.0.9 >/dev/null
  tell home '{"pages": {}}'
  : >"$BATS_FILE_TMPDIR/home.log"
  run scripts/deploy.sh rancher-desktop --diff
  [ "$status" -eq 0 ]
  said "-        image: missing-table/worker:0.0.9"
  said "+        image: missing-table/worker:0.1.0"
  ! grep '"method": "P' "$BATS_FILE_TMPDIR/home.log" | grep -v dryRun
}

@test "without somebody to ask and without --yes nothing is applied" {
  kubectl --context rancher-desktop delete namespace iron-claw --wait=false >/dev/null
  : >"$BATS_FILE_TMPDIR/home.log"
  run scripts/deploy.sh rancher-desktop </dev/null
  [ "$status" -eq 2 ]
  said "new namespaces: iron-claw"
  said "nobody to ask"
  [ -z "$(changes home)" ]
}

@test "applied in order, waited for, then looked at" {
  tell home "$(cat "$MT_OBJECTS/healthy.json")"
  run scripts/deploy.sh rancher-desktop --yes
  said "== preflight"
  [ "$(printf '%s\n' "$output" | grep '^== ' | tr '\n' ' ')" = "== what would change in context rancher-desktop == namespaces == configuration, services, network policies == the broker == deployments == the daily run == preflight " ]
  said "statefulset rolling update complete"
  said 'deployment "celery-worker" successfully rolled out'
  grep -v dryRun "$BATS_FILE_TMPDIR/home.log" | sed -n 's/.*"PATCH", "path": "[^"]*\/\([a-z]*\)\/[^"]*".*/\1/p' | uniq >"$BATS_TEST_TMPDIR/order"
  [ "$(head -n 1 "$BATS_TEST_TMPDIR/order")" = namespaces ]
  [ "$(tail -n 1 "$BATS_TEST_TMPDIR/order")" = cronjobs ]
  [ "$(sed -n '/networkpolicies/=' "$BATS_TEST_TMPDIR/order" | tail -n 1)" -lt "$(sed -n '/statefulsets/=' "$BATS_TEST_TMPDIR/order" | head -n 1)" ]
}

@test "a rollout that hangs ends it before the daily run, and the way back is told" {
  tell home '{"rollout": "stuck"}'
  MT_ROLLOUT_TIMEOUT_S=1 run scripts/deploy.sh rancher-desktop --yes
  [ "$status" -eq 1 ]
  said "was not rolled out within 1 s"
  said "rollout undo statefulset/rabbitmq"
  ! grep -v dryRun "$BATS_FILE_TMPDIR/home.log" | grep -q '"PATCH", "path": "[^"]*cronjobs'
}

@test "the cloud: its own context, its own manifests; home hears nothing" {
  THE_CLOUD_IS_MEANT=yes
  run scripts/deploy.sh cloud --yes
  said 'deployment "missing-table-backend" successfully rolled out'
  [ -n "$(changes cloud)" ]
  [ -z "$(requests home | grep -v ' /health/')" ]
}

@test "the cloud without a registry is refused before anything is asked" {
  sed -i.bak 's#^REGISTRY=.*#REGISTRY=registry.example.com#' deploy/cloud/settings.env
  run scripts/deploy.sh cloud --yes
  sed -i.bak 's#^REGISTRY=.*#REGISTRY=registry.invalid#' deploy/cloud/settings.env
  [ "$status" -eq 2 ]
  said "is still the example"
}

@test "a past season, week by week; the last week is as short as it is" {
  run scripts/backfill.sh --season 2025-26 --from 2025-12-29 --to 2026-01-06 --target u14-hg-florida
  [ "$status" -eq 0 ]
  said "every week from 2025-12-29 to 2026-01-06 landed"
  [ "$(job_arguments)" = '["run","--source","modular11","--season","2025-26","--from","2025-12-29","--to","2026-01-04","--target","u14-hg-florida"]
["run","--source","modular11","--season","2025-26","--from","2026-01-05","--to","2026-01-06","--target","u14-hg-florida"]' ]
}

@test "a week that does not land ends the back-fill, and where to go on is told" {
  tell home '{"job": {"phases": [{"log": "rejected\n", "exit": 1}]}}'
  run scripts/backfill.sh --season 2025-26 --from 2025-09-01 --to 2025-09-30
  [ "$status" -eq 1 ]
  said "go on with: scripts/backfill.sh --season 2025-26 --from 2025-09-01 --to 2025-09-30 --source modular11"
  [ "$(requests home POST | wc -l)" -eq 1 ]
}

@test "what is no date is refused" {
  run scripts/backfill.sh --season 2025-26 --from 2026-02-29 --to 2026-03-30
  [ "$status" -eq 2 ]
  said "is no date"
  [ -z "$(requests home)" ]
}
