# trigger.sh prod: a Job out of the CronJob, its log, its result.
load two_clusters

@test "a run by hand is a Job with the CronJob's own pod; it is not followed unless asked" {
  run scripts/trigger.sh prod --target u14-hg-florida --target u13-hg-florida
  [ "$status" -eq 0 ]
  said "It writes to the PRODUCTION database."
  said "logs -f job/match-scraper-agent-by-hand-"
  [ "$(job_arguments)" = '["run","--target","u14-hg-florida","--target","u13-hg-florida"]' ]
  [ "$(requests home POST)" = "POST /apis/batch/v1/namespaces/match-scraper/jobs" ]
  kubectl --context rancher-desktop -n match-scraper get jobs -o yaml | grep -q 'secretKeyRef'
}

@test "a dry run's Job carries --dry-run, and no other Job is made" {
  run scripts/trigger.sh prod --dry-run --follow
  [ "$status" -eq 0 ]
  said "writes nothing"
  unsaid "PRODUCTION database"
  [ "$(job_arguments)" = '["run","--dry-run"]' ]
  [ "$(requests home POST | wc -l)" -eq 1 ]
}

@test "a dry run that cannot be made out of the CronJob starts nothing" {
  tell home '{"faults": [{"method": "GET", "path": "cronjobs", "do": 500, "times": 9}]}'
  run scripts/trigger.sh prod --dry-run --follow
  [ "$status" -eq 5 ]
  [ -z "$(changes home)" ]
}

@test "followed: the log as it comes, the Job's result, the run's own exit code" {
  tell home '{"job": {"phases": [{"log": "u14-hg-florida  240  240  landed\n", "exit": 0}]}}'
  run scripts/trigger.sh prod --follow
  [ "$status" -eq 0 ]
  said "u14-hg-florida  240  240  landed"
  said "succeeded"
  tell home '{"reset": true, "job": {"phases": [{"log": "1 match was rejected\n", "exit": 1}]}}'
  run scripts/trigger.sh prod --follow
  [ "$status" -eq 1 ]
  said "1 match was rejected"
  said "FAILED: BackoffLimitExceeded exit code 1"
}

@test "a run that is tried once more is followed into its second pod" {
  tell home '{"job": {"phases": [{"log": "nothing could be read\n", "exit": 3}, {"log": "landed\n", "exit": 0}]}}'
  run scripts/trigger.sh prod --follow
  [ "$status" -eq 0 ]
  said "nothing could be read"
  said "tried once more"
  said "landed"
}

@test "an image that cannot be pulled ends it, with what the kubelet says" {
  tell home '{"job": {"phases": [{"waiting": "ImagePullBackOff", "message": "Back-off pulling image missing-table/agent:0.1.0"}]}}'
  run scripts/trigger.sh prod --follow
  [ "$status" -eq 5 ]
  said "cannot start. ImagePullBackOff: Back-off pulling image missing-table/agent:0.1.0"
  said "is the image built on that machine"
  said "delete job match-scraper-agent-by-hand-"
}

@test "a crash loop ends it, with the last words of what crashed" {
  tell home '{"job": {"phases": [{"waiting": "CrashLoopBackOff", "message": "back-off 40s", "log": "AMQP_URL is not set\n"}]}}'
  run scripts/trigger.sh prod --follow
  [ "$status" -eq 5 ]
  said "CrashLoopBackOff: back-off 40s"
  said "AMQP_URL is not set"
}

@test "a missing secret ends it, and the way to its name is told" {
  tell home '{"job": {"phases": [{"waiting": "CreateContainerConfigError", "message": "secret match-scraper-agent not found"}]}}'
  run scripts/trigger.sh prod --follow
  [ "$status" -eq 5 ]
  said "secret match-scraper-agent not found"
  said "scripts/preflight.sh prod names it"
}

@test "a cluster that does not answer at the start: nothing is started" {
  tell home '{"faults": [{"path": "/version", "do": "hang", "times": 9}]}'
  MT_KUBECTL_TIMEOUT_S=1 run scripts/trigger.sh prod --follow
  [ "$status" -eq 5 ]
  said "does not answer within 1 s"
  [ -z "$(changes home)" ]
}

@test "a cluster that stops answering while it is followed: said, with the way back" {
  tell home '{"job": {"phases": [{"log": "reading\n", "until": "deleted"}]}, "faults": [{"path": "jobs/match-scraper-agent-by-hand", "do": "drop", "times": 99}]}'
  run scripts/trigger.sh prod --follow
  [ "$status" -eq 5 ]
  said "the cluster stopped answering"
  said "logs -f job/match-scraper-agent-by-hand-"
}

@test "Ctrl-C: the Job goes on, and it is told how to follow and how to stop it" {
  tell home '{"job": {"phases": [{"log": "reading the league\n", "until": "deleted"}]}}'
  run "$MT_PYTHON" "$MT_ROOT/tests/scripts/interrupt.py" "reading the league" scripts/trigger.sh prod --follow
  [ "$status" -eq 130 ]
  said "interrupted. The Job goes on in the cluster"
  said "delete job match-scraper-agent-by-hand-"
  [ -z "$(requests home DELETE)" ]
}

@test "a Job that somebody deletes meanwhile is said to be gone" {
  tell home '{"faults": [{"method": "GET", "path": "jobs/match-scraper-agent-by-hand", "do": 404, "times": 9}]}'
  run scripts/trigger.sh prod --follow
  [ "$status" -eq 5 ]
  said "is gone: somebody deleted it"
}

@test "local: preflight, run, what landed, in this order; the run's exit code is the script's" {
  # shellcheck disable=SC2016
  printf '%s\n' '#!/bin/sh' 'echo "mt $*"; [ "$1" = run ] && exit 1; exit 0' >mt && chmod +x mt
  run scripts/trigger.sh local --port-offset 7 --target u14-hg-florida
  [ "$status" -eq 1 ]
  [ "$(printf '%s\n' "$output" | grep '^mt' | sed 's/--since [-0-9]*T[:0-9]*Z/--since ITS-START/')" = "mt preflight --fix --port-offset 7
mt run --port-offset 7 --target u14-hg-florida
mt landed --since ITS-START --port-offset 7" ]
  run scripts/trigger.sh local --dry-run
  said "dry run: nothing was written (exit code 1)"
  unsaid "mt landed"
  [ ! -s "$BATS_FILE_TMPDIR/home.log" ]
}

@test "local: Ctrl-C ends with 130" {
  # shellcheck disable=SC2016
  printf '%s\n' '#!/bin/sh' 'echo "mt $*"; [ "$1" != run ] || exec tail -f /dev/null' >mt && chmod +x mt
  run "$MT_PYTHON" "$MT_ROOT/tests/scripts/interrupt.py" "mt run" scripts/trigger.sh local
  [ "$status" -eq 130 ]
  said "trigger.sh: interrupted"
}
