#!/usr/bin/env bash
# One run, now: preflight, the run with its progress, the queue drained, what landed. Ends with the truth's exit code.
#   scripts/trigger.sh local [--dry-run] [--port-offset N] [--data DIR] [--target T] ...
#   scripts/trigger.sh prod            (issue 9 brings it)
# bash 3.2 compatible: it runs on macOS as it is.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  echo "usage: scripts/trigger.sh local [--dry-run] [--port-offset N] [--data DIR] [--target T ...]" >&2
  exit 2
}

[ $# -ge 1 ] || usage
environment=$1
shift
case $environment in
  local) ;;
  prod)
    echo "trigger.sh prod is not built yet: issue 9 brings it (issues show 9)." >&2
    exit 2
    ;;
  *) usage ;;
esac

# Of the run's options, which stack is meant goes to every step.
which_stack=()
dry_run=no
previous=
for word in "$@"; do
  case $previous in
    --port-offset | --data) which_stack+=("$previous" "$word") ;;
  esac
  case $word in
    --port-offset=* | --data=*) which_stack+=("$word") ;;
    --dry-run) dry_run=yes ;;
  esac
  previous=$word
done

trap 'echo "trigger.sh: interrupted" >&2; exit 130' INT TERM

echo "== preflight"
./mt preflight --fix ${which_stack[@]+"${which_stack[@]}"} || {
  echo "trigger.sh: preflight failed; nothing was run. Each FAIL line above names its fix." >&2
  exit 5
}

echo "== run"
code=0
./mt run "$@" || code=$?

if [ "$dry_run" = yes ]; then
  echo "== dry run: nothing was written (exit code $code)"
  exit "$code"
fi

echo "== what landed"
landed=0
./mt landed ${which_stack[@]+"${which_stack[@]}"} || landed=$?
[ "$code" -ne 0 ] || code=$landed
echo "== exit code $code"
exit "$code"
