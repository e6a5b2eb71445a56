#!/usr/bin/env bash
# Reads a past stretch of a season into production, a Job a week in the cluster at home, one after the other (one run at a
# time). Stops at the first week that did not land, and says how to go on from there. Read twice, nothing changes.
#   scripts/backfill.sh --season 2025-26 --from 2025-09-01 --to 2026-06-30 [--source modular11|assist] [--target T]... [--dry-run]
# bash 3.2 compatible: it runs on macOS as it is.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  echo "usage: scripts/backfill.sh --season 2025-26 --from DATE --to DATE [--source modular11|assist] [--target T]... [--dry-run]" >&2
  exit 2
}

season='' first='' last='' source=modular11 dry_run=no
targets=()
while [ $# -gt 0 ]; do
  case $1 in
    --season | --from | --to | --source | --target)
      [ $# -ge 2 ] || usage
      case $1 in
        --season) season=$2 ;;
        --from) first=$2 ;;
        --to) last=$2 ;;
        --source) source=$2 ;;
        --target) targets+=(--target "$2") ;;
      esac
      shift 2
      ;;
    --dry-run)
      dry_run=yes
      shift
      ;;
    *) usage ;;
  esac
done
if [ -z "$season" ] || [ -z "$first" ] || [ -z "$last" ]; then usage; fi
case $source in modular11 | assist) ;; *) usage ;; esac

# Days since 0000-03-01 and back, by whole numbers alone: macOS and Linux have different `date`s.
day_number() { # day_number YYYY-MM-DD
  local y m d
  y=$((10#${1%%-*}))
  m=${1#*-}
  m=$((10#${m%%-*}))
  d=$((10#${1##*-}))
  [ "$m" -gt 2 ] || { y=$((y - 1)) m=$((m + 12)); }
  echo $((365 * y + y / 4 - y / 100 + y / 400 + (153 * (m - 3) + 2) / 5 + d - 1))
}
date_of() { # date_of NUMBER
  local n=$1 era doe yoe doy mp d m y
  era=$((n / 146097))
  doe=$((n - era * 146097))
  yoe=$(((doe - doe / 1460 + doe / 36524 - doe / 146096) / 365))
  doy=$((doe - (365 * yoe + yoe / 4 - yoe / 100)))
  mp=$(((5 * doy + 2) / 153))
  d=$((doy - (153 * mp + 2) / 5 + 1))
  m=$((mp + 3)) y=$((yoe + era * 400))
  [ "$m" -le 12 ] || { m=$((m - 12)) y=$((y + 1)); }
  printf '%04d-%02d-%02d\n' "$y" "$m" "$d"
}
is_date() {
  case $1 in
    [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]) [ "$(date_of "$(day_number "$1")")" = "$1" ] ;;
    *) return 1 ;;
  esac
}

# shellcheck source=scripts/lib/cluster.sh
. scripts/lib/cluster.sh
is_date "$first" || die 2 "--from '$first' is no date such as 2025-09-01."
is_date "$last" || die 2 "--to '$last' is no date such as 2026-06-30."
here=$(day_number "$first") end=$(day_number "$last")
[ "$here" -le "$end" ] || die 2 "--from $first is after --to $last."
use_home
need_answer
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
go_on() {
  echo "$ME: go on with: scripts/backfill.sh --season $season --from $week --to $last --source $source ${targets[*]+${targets[*]}}" >&8
}
week=$first
trap 'stop_reading; echo "backfill.sh: interrupted; the week that runs goes on in the cluster." >&8; go_on; exit 130' INT TERM

[ "$dry_run" = yes ] || echo "== back-fill of $season, $first to $last, in context $CONTEXT. It writes to the PRODUCTION database."
while [ "$here" -le "$end" ]; do
  week=$(date_of "$here")
  until=$((here + 6))
  [ "$until" -le "$end" ] || until=$end
  until_day=$(date_of "$until")
  arguments=(run --source "$source" --season "$season" --from "$week" --to "$until_day" ${targets[@]+"${targets[@]}"})
  [ "$dry_run" = no ] || arguments+=(--dry-run)
  name="match-scraper-agent-backfill-$week-$(date -u +%H%M%S)"
  echo "== $week to $until_day"
  job_from_cronjob "$name" "$WORK/job.json" "${arguments[@]}" || {
    go_on
    die 5 "the Job of $week could not be made out of the CronJob."
  }
  said=$(kube create -n match-scraper -f "$WORK/job.json" 2>&1) || {
    go_on
    die 5 "the Job of $week was not accepted: $(first_line "$said")"
  }
  code=0
  follow_job "$name" || code=$?
  if [ "$code" -ne 0 ]; then
    echo "$ME: the week of $week ended with $code; the weeks before it landed." >&2
    go_on
    exit "$code"
  fi
  here=$((until + 1))
done
echo "== every week from $first to $last landed"
