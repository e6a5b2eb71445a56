#!/usr/bin/env bash
# One run, now; ends with the truth's exit code.
#   scripts/trigger.sh local [--dry-run] [--port-offset N] [--data DIR] [--embedded] [--target T] ...
#       the private or embedded stack, started where it is down (containers of compose.yaml are not looked at):
#       preflight, the run with its progress, the queue drained, what landed
#   scripts/trigger.sh prod [--follow] [--dry-run] [--target T] ...
#       a Job from the CronJob of the cluster at home; with --follow its log, its result and the run's report
# bash 3.2 compatible: it runs on macOS as it is.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat >&2 <<'END'
usage: scripts/trigger.sh local [--dry-run] [--port-offset N] [--data DIR] [--embedded] [--target T ...]
       scripts/trigger.sh prod [--follow] [--dry-run] [--target T ...]
END
  exit 2
}

local_run() {
  # Of the run's options, which stack is meant goes to every step.
  local which_stack=() embedded=() dry_run=no previous="" word code=0 landed=0 started
  for word in "$@"; do
    case $previous in
      --port-offset | --data) which_stack+=("$previous" "$word") ;;
    esac
    case $word in
      --port-offset=* | --data=*) which_stack+=("$word") ;;
      --embedded) embedded=(--embedded) ;;
      --dry-run) dry_run=yes ;;
    esac
    previous=$word
  done
  trap 'echo "trigger.sh: interrupted" >&2; exit 130' INT TERM

  echo "== preflight"
  ./mt preflight --fix ${which_stack[@]+"${which_stack[@]}"} ${embedded[@]+"${embedded[@]}"} || {
    echo "trigger.sh: preflight failed; nothing was run. Each FAIL line above names its fix." >&2
    exit 5
  }

  echo "== run"
  started=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  ./mt run "$@" || code=$?

  if [ "$dry_run" = yes ]; then
    echo "== dry run: nothing was written (exit code $code)"
    exit "$code"
  fi

  echo "== what landed"
  ./mt landed --since "$started" ${which_stack[@]+"${which_stack[@]}"} || landed=$?
  [ "$code" -ne 0 ] || code=$landed
  echo "== exit code $code"
  exit "$code"
}

prod_run() {
  local follow=no dry_run=no name suspended code=0 said
  local arguments=(run)
  while [ $# -gt 0 ]; do
    case $1 in
      --follow) follow=yes ;;
      --dry-run)
        dry_run=yes
        arguments+=(--dry-run)
        ;;
      --target)
        [ $# -ge 2 ] || usage
        arguments+=(--target "$2")
        shift
        ;;
      --target=*) arguments+=(--target "${1#--target=}") ;;
      *) usage ;;
    esac
    shift
  done
  # shellcheck source=scripts/lib/cluster.sh
  . scripts/lib/cluster.sh
  use_home
  need_answer
  suspended=$(kube get cronjob -n match-scraper match-scraper-agent -o 'jsonpath={.spec.suspend}' 2>&1) ||
    die 5 "there is no CronJob match-scraper-agent behind context '$CONTEXT': scripts/deploy.sh rancher-desktop makes it. kubectl says: $(first_line "$suspended")"

  name="match-scraper-agent-by-hand-$(date -u +%Y%m%d-%H%M%S)"
  [ "$dry_run" = no ] || name="match-scraper-agent-dry-run-$(date -u +%Y%m%d-%H%M%S)"
  WORK=$(mktemp -d)
  trap 'rm -rf "$WORK"' EXIT
  trap 'stop_reading; echo "trigger.sh: interrupted. Nothing was started." >&8; exit 130' INT TERM
  job_from_cronjob "$name" "$WORK/job.json" "${arguments[@]}" || die 5 "the Job could not be made out of the CronJob; nothing was started."
  if [ "$dry_run" = yes ]; then
    echo "== dry run in context $CONTEXT: plans and reads, writes nothing"
  else
    echo "== a run in context $CONTEXT. It writes to the PRODUCTION database."
  fi
  said=$(kube create -n match-scraper -f "$WORK/job.json" 2>&1) ||
    die 5 "the Job was not accepted: $(first_line "$said")"
  trap 'stop_reading; echo "trigger.sh: interrupted. The Job goes on in the cluster; follow it: kubectl --context $CONTEXT -n match-scraper logs -f job/'"$name"' ; stop it: kubectl --context $CONTEXT -n match-scraper delete job '"$name"'" >&8; exit 130' INT TERM
  echo "-- Job $name: ${arguments[*]}"
  if [ "$follow" = no ]; then
    echo "-- started. Follow it: kubectl --context $CONTEXT -n match-scraper logs -f job/$name"
    exit 0
  fi
  follow_job "$name" || code=$?
  echo "== exit code $code"
  exit "$code"
}

[ $# -ge 1 ] || usage
environment=$1
shift
case $environment in
  local) local_run "$@" ;;
  prod) prod_run "$@" ;;
  *) usage ;;
esac
