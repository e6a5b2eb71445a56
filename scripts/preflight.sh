#!/usr/bin/env bash
# Is everything fit for a run? PASS, WARN and FAIL lines, a fix with each; exit code 0 when nothing failed.
#   scripts/preflight.sh local [--fix] [--port-offset N] [--data DIR] [--json]
#   scripts/preflight.sh prod          (issue 9 brings it)
# bash 3.2 compatible: it runs on macOS as it is.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  echo "usage: scripts/preflight.sh local [--fix] [--port-offset N] [--data DIR] [--json]" >&2
  exit 2
}

[ $# -ge 1 ] || usage
where=$1
shift
case $where in
  local) exec ./mt preflight "$@" ;;
  prod)
    echo "preflight.sh prod is not built yet: issue 9 brings it (issues show 9)." >&2
    exit 2
    ;;
  *) usage ;;
esac
