#!/usr/bin/env bash
# Is everything fit for a run? PASS, WARN and FAIL lines, a fix with each; exit code 0 when nothing failed, else 1.
#   scripts/preflight.sh local [--fix] [--port-offset N] [--data DIR] [--json]     this machine's stack
#   scripts/preflight.sh prod          the cluster at home, and the public API from outside
#   scripts/preflight.sh cloud         the cloud K8s: looks, changes nothing
# bash 3.2 compatible: it runs on macOS as it is.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat >&2 <<'END'
usage: scripts/preflight.sh local [--fix] [--port-offset N] [--data DIR] [--json]
       scripts/preflight.sh prod
       scripts/preflight.sh cloud
END
  exit 2
}

passed=0 warned=0 failed=0
line() { # line VERDICT NAME DETAIL [FIX]
  printf '%s  %s: %s\n' "$1" "$2" "$3"
  case $1 in
    PASS) passed=$((passed + 1)) ;;
    WARN) warned=$((warned + 1)) ;;
    FAIL) failed=$((failed + 1)) ;;
  esac
  if [ "$1" != PASS ] && [ -n "${4:-}" ]; then printf '      fix: %s\n' "$4"; fi
}

summary() {
  echo "$passed passed, $warned warnings, $failed failed"
  [ "$failed" -eq 0 ]
}

# Pods of a namespace: all ready, and how often they were restarted. pods NAMESPACE
pods() {
  local rows name phase ready restarts reason owner where="kubectl --context $CONTEXT -n $1"
  rows=$(kube get pods -n "$1" -o 'jsonpath={range .items[*]}{.metadata.name}|{.status.phase}|{.status.containerStatuses[*].ready}|{.status.containerStatuses[*].restartCount}|{.status.containerStatuses[*].state.waiting.reason}|{.metadata.ownerReferences[0].kind}{"\n"}{end}' 2>&1) || {
    line FAIL "pods in $1" "$(first_line "$rows")" "is the namespace there? scripts/deploy.sh makes it"
    return 0
  }
  if [ -z "$rows" ]; then
    line FAIL "pods in $1" "none at all" "scripts/deploy.sh applies the manifests"
    return 0
  fi
  while IFS='|' read -r name phase ready restarts reason owner; do
    [ "$owner" != Job ] || continue # the runs have lines of their own
    case " $ready " in
      *" false "*) line FAIL "pod $1/$name" "not ready (${reason:-$phase})" "$where describe pod $name; $where logs $name --all-containers --tail=50" ;;
      *)
        if [ "$phase" != Running ]; then
          line FAIL "pod $1/$name" "$phase" "$where describe pod $name"
        else
          case $restarts in
            "" | 0 | "0 0") line PASS "pod $1/$name" "ready" ;;
            *) line WARN "pod $1/$name" "ready, restarted $restarts times" "$where logs $name --previous --tail=50" ;;
          esac
        fi
        ;;
    esac
  done <<END
$rows
END
}

# Every workload of the manifests is there, with as many replicas ready as wanted. workloads NAMESPACE KIND/NAME...
workloads() {
  local space=$1 what wanted ready image said
  shift
  for what in "$@"; do
    said=$(kube get -n "$space" "$what" -o 'jsonpath={.spec.replicas}|{.status.readyReplicas}|{.spec.template.spec.containers[0].image}' 2>&1) || {
      line FAIL "$what" "$(first_line "$said")" "scripts/deploy.sh applies the manifests"
      continue
    }
    IFS='|' read -r wanted ready image <<END
$said
END
    if [ "${ready:-0}" -ge "${wanted:-1}" ] 2>/dev/null; then
      line PASS "$what" "${ready} of ${wanted} ready, image $image"
    else
      line FAIL "$what" "${ready:-0} of ${wanted} ready, image $image" "kubectl --context $CONTEXT -n $space rollout status $what; describe shows why"
    fi
  done
}

# Image tags are those of the manifests. tags CLUSTER
tags() {
  local wanted kind space name image said
  wanted=$(kubectl kustomize "deploy/$1" | awk '
    /^---/ { kind = space = name = "" ; meta = 0 }
    /^kind: / { kind = $2 }
    /^metadata:/ { meta = 1 }
    /^[a-z]/ && !/^metadata:/ { meta = 0 }
    meta && /^  name: / { name = $2 }
    meta && /^  namespace: / { space = $2 }
    /^ *-? *image: / { print kind "|" space "|" name "|" $NF }' | sort -u)
  while IFS='|' read -r kind space name image; do
    said=$(kube get -n "$space" "$kind/$name" -o 'jsonpath={.spec.template.spec.initContainers[*].image} {.spec.template.spec.containers[*].image} {.spec.jobTemplate.spec.template.spec.containers[*].image}' 2>/dev/null) || continue
    case " $said " in
      *" $image "*) line PASS "image of $name" "$image" ;;
      *) line WARN "image of $name" "$(echo "$said" | tr -s ' ' | sed 's/^ //; s/ $//') runs, the manifests say $image" "scripts/deploy.sh $1 --diff shows what differs" ;;
    esac
  done <<END
$wanted
END
}

# Secrets and their keys, by the examples beside the manifests. secrets CLUSTER
secrets() {
  local file name space wanted there key missing
  for file in "deploy/$1/secrets.example"/*.env; do
    name=$(basename "$file" .env)
    space=${name%%.*}
    name=${name#*.}
    # shellcheck disable=SC2016  # a Go template, not the shell's
    there=$(kube get secret -n "$space" "$name" -o 'go-template={{range $key, $value := .data}}{{$key}} {{end}}' 2>&1) || {
      line FAIL "secret $space/$name" "is missing" "docs/operations.md, Secrets: kubectl --context $CONTEXT -n $space create secret generic $name --from-env-file=…"
      continue
    }
    missing=
    wanted=$(awk '/^#/ { optional = /Optional/ ; next } /=/ { split($0, part, "="); if (!optional) print part[1]; optional = 0 }' "$file")
    for key in $wanted; do
      case " $there " in *" $key "*) ;; *) missing="$missing $key" ;; esac
    done
    if [ -n "$missing" ]; then
      line FAIL "secret $space/$name" "lacks$missing" "delete it and make it anew: docs/operations.md, Secrets"
    else
      line PASS "secret $space/$name" "present"
    fi
  done
}

# The last runs: CronJob there, not suspended, when it ran, how the last Job ended.
runs() {
  local said suspend schedule last_ok last_at jobs newest result when name by_hand
  said=$(kube get cronjob -n match-scraper match-scraper-agent -o 'jsonpath={.spec.suspend}|{.spec.schedule}|{.status.lastSuccessfulTime}|{.status.lastScheduleTime}' 2>&1) || {
    line FAIL "CronJob" "$(first_line "$said")" "scripts/deploy.sh rancher-desktop makes it"
    return 0
  }
  IFS='|' read -r suspend schedule last_ok last_at <<END
$said
END
  if [ "$suspend" = true ]; then
    line FAIL "CronJob" "is suspended: no daily run happens" "kubectl --context $CONTEXT -n match-scraper patch cronjob match-scraper-agent -p '{\"spec\":{\"suspend\":false}}'"
  else
    line PASS "CronJob" "runs at '$schedule' UTC, last started ${last_at:-never}, last succeeded ${last_ok:-never}"
  fi
  jobs=$(kube get jobs -n match-scraper --sort-by=.metadata.creationTimestamp -o 'jsonpath={range .items[*]}{.metadata.name}|{.metadata.creationTimestamp}|{range .status.conditions[?(@.status=="True")]}{.type} {end}{"\n"}{end}' 2>&1) || {
    line FAIL "last run" "$(first_line "$jobs")" "ask again"
    return 0
  }
  newest=$(printf '%s\n' "$jobs" | grep -v -e '^match-scraper-agent-dry-run-' -e '^$' | tail -n 1) || newest=
  if [ -z "$newest" ]; then
    line WARN "last run" "no Job is kept" "scripts/trigger.sh prod --follow"
    return 0
  fi
  IFS='|' read -r name when result <<END
$newest
END
  by_hand=
  case $name in *-by-hand-*) by_hand=", by hand" ;; esac
  case $result in
    *Complete*) line PASS "last run" "$name of $when succeeded$by_hand" ;;
    *Failed*) line FAIL "last run" "$name of $when failed$by_hand" "kubectl --context $CONTEXT -n match-scraper logs job/$name --tail=60; docs/operations.md says what each exit code means" ;;
    *) line WARN "last run" "$name of $when is still going on$by_hand" "kubectl --context $CONTEXT -n match-scraper logs -f job/$name" ;;
  esac
}

# Depth of the queues and consumers, by the broker itself.
queues() {
  local said name messages consumers seen=no
  said=$(kube exec -n match-scraper statefulset/rabbitmq -- /usr/lib/rabbitmq/bin/rabbitmqctl -q --no-table-headers list_queues name messages consumers 2>&1) || {
    line FAIL "queues" "the broker does not tell: $(first_line "$said")" "kubectl --context $CONTEXT -n match-scraper logs rabbitmq-0 --tail=50"
    return 0
  }
  while read -r name messages consumers; do
    case $name in
      matches)
        seen=yes
        if [ "${consumers:-0}" -eq 0 ]; then
          line FAIL "queue matches" "$messages messages, nobody consumes" "kubectl --context $CONTEXT -n match-scraper logs deployment/celery-worker --tail=50"
        elif [ "$messages" -gt 100 ]; then
          line WARN "queue matches" "$messages messages wait, $consumers consumers" "the worker is behind, or the database away: its log says"
        else
          line PASS "queue matches" "$messages messages, $consumers consumers"
        fi
        ;;
      matches.dead)
        if [ "$messages" -gt 0 ]; then
          line WARN "dead letters" "$messages in matches.dead" "missing-table dead list, then dead replay (docs/operations.md)"
        else
          line PASS "dead letters" "none"
        fi
        ;;
    esac
  done <<END
$said
END
  [ "$seen" = yes ] || line FAIL "queue matches" "is not there" "the broker has not loaded its topology: restart rabbitmq-0"
}

# The month's tokens of each user, by the gateway. JSON without jq: one object a user.
budget() {
  local said user name used month part
  said=$(kube exec -n iron-claw deployment/iron-claw-proxy -- iron-claw users list --json 2>&1) || {
    line WARN "budget" "the gateway does not tell: $(first_line "$said")" "a run goes on without a model; kubectl --context $CONTEXT -n iron-claw logs deployment/iron-claw-proxy --tail=50"
    return 0
  }
  said=$(printf '%s' "$said" | tr -d '\n' | sed 's/}, *{/}\
{/g')
  while read -r user; do
    name=$(printf '%s' "$user" | sed -n 's/.*"username": *"\([^"]*\)".*/\1/p')
    used=$(printf '%s' "$user" | sed -n 's/.*"monthly_used": *\([0-9][0-9]*\).*/\1/p')
    month=$(printf '%s' "$user" | sed -n 's/.*"monthly_budget": *\([0-9][0-9]*\).*/\1/p')
    [ -n "$name" ] || continue
    if [ -z "$month" ] || [ "$month" -eq 0 ]; then
      line WARN "budget of $name" "${used:-0} tokens this month, no monthly limit" "iron-claw users set $name --monthly-budget N"
      continue
    fi
    part=$((${used:-0} * 100 / month))
    if [ "$part" -ge 100 ]; then
      line WARN "budget of $name" "spent: $used of $month tokens" "runs go without a model until the month turns; iron-claw users set $name --monthly-budget N"
    elif [ "$part" -ge 90 ]; then
      line WARN "budget of $name" "$part % of $month tokens used" "iron-claw usage --by day shows what for"
    else
      line PASS "budget of $name" "$part % of $month tokens used this month"
    fi
  done <<END
$said
END
}

# The public API, as a stranger sees it.
public_api() {
  local url said code
  url=$(setting MT_PUBLIC_URL)
  if [ -z "$url" ]; then
    line FAIL "public API" "MT_PUBLIC_URL is not set in $ENV_FILE" "it is the site's address"
    return 0
  fi
  for what in ready fresh; do
    said=$(curl -sS --max-time "$ANSWER_WITHIN" -w '\n%{http_code}' "$url/health/$what" 2>&1) || {
      line FAIL "public API" "$url/health/$what: $(first_line "$said")" "scripts/preflight.sh cloud looks into the cloud K8s"
      return 0
    }
    code=$(printf '%s\n' "$said" | sed -n '$p')
    case $what$code in
      ready200) line PASS "public API" "$url is ready" ;;
      ready*) line FAIL "public API" "$url/health/ready answers $code: $(first_line "$said")" "scripts/preflight.sh cloud" ;;
      fresh200) line PASS "freshness" "$(first_line "$said")" ;;
      *) line FAIL "freshness" "$url/health/fresh answers $code: $(first_line "$said")" "scripts/trigger.sh prod --follow; docs/operations.md, stale" ;;
    esac
  done
}

prod() {
  [ $# -eq 0 ] || usage
  # shellcheck source=scripts/lib/cluster.sh
  . scripts/lib/cluster.sh
  use_home
  trap 'echo "preflight.sh: interrupted" >&8; exit 130' INT TERM
  need_answer
  line PASS "context" "$CONTEXT answers"
  secrets rancher-desktop
  workloads match-scraper statefulset/rabbitmq deployment/celery-worker
  workloads iron-claw deployment/iron-claw-proxy deployment/freeradius
  pods match-scraper
  pods iron-claw
  tags rancher-desktop
  runs
  queues
  budget
  public_api
  summary
}

cloud() {
  [ $# -eq 0 ] || usage
  # shellcheck source=scripts/lib/cluster.sh
  . scripts/lib/cluster.sh
  use_cloud
  trap 'echo "preflight.sh: interrupted" >&8; exit 130' INT TERM
  need_answer
  line PASS "context" "$CONTEXT answers"
  secrets cloud
  workloads missing-table deployment/missing-table-backend deployment/missing-table-frontend
  pods missing-table
  tags cloud
  public_api
  summary
}

[ $# -ge 1 ] || usage
where=$1
shift
case $where in
  local) exec ./mt preflight "$@" ;;
  prod) prod "$@" ;;
  cloud) cloud "$@" ;;
  *) usage ;;
esac
