#!/usr/bin/env bash
# Is everything fit for a run? PASS, WARN and FAIL lines, a fix with each; exit code 0 when nothing failed, else 1.
#   scripts/preflight.sh local [--fix]      this machine's stack; where Docker plays the servers, its containers
#   scripts/preflight.sh local [--fix] --port-offset N|--data DIR|--embedded|--json      the private or embedded stack
#   scripts/preflight.sh prod          the cluster at home, and the public API from outside
#   scripts/preflight.sh cloud         the cloud K8s: looks, changes nothing
# bash 3.2 compatible: it runs on macOS as it is.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat >&2 <<'END'
usage: scripts/preflight.sh local [--fix] [--port-offset N] [--data DIR] [--embedded] [--json]
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

# Depth of the queues and consumers, by the broker itself: queues LOG-OF-THE-BROKER LOG-OF-THE-WORKER COMMAND... runs
# rabbitmqctl beside it.
queues() {
  local broker_log=$1 worker_log=$2 said name messages consumers seen=no
  shift 2
  said=$("$@" /usr/lib/rabbitmq/bin/rabbitmqctl -q --no-table-headers list_queues name messages consumers 2>&1) || {
    line FAIL "queues" "the broker does not tell: $(first_line "$said")" "$broker_log"
    return 0
  }
  while read -r name messages consumers; do
    case $name in
      matches)
        seen=yes
        if [ "${consumers:-0}" -eq 0 ]; then
          line FAIL "queue matches" "$messages messages, nobody consumes" "$worker_log"
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
  queues "kubectl --context $CONTEXT -n match-scraper logs rabbitmq-0 --tail=50" \
    "kubectl --context $CONTEXT -n match-scraper logs deployment/celery-worker --tail=50" \
    kube exec -n match-scraper statefulset/rabbitmq --
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

# Where the services run as containers (compose.yaml): Docker runs, and there is no apt to run them privately with, or
# they are there already. Elsewhere the private stack is looked at.
SERVICES="postgres rabbitmq freeradius"
SECRETS=envs/.env.local.secret
compose() {
  if [ -f "$SECRETS" ]; then docker compose --env-file "$SECRETS" "$@"; else docker compose "$@"; fi
}
in_containers() {
  command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1 || return 1
  command -v apt-get >/dev/null 2>&1 || return 0
  [ -f "$SECRETS" ] && [ -n "$(compose ps --all --quiet 2>/dev/null)" ]
}

# An Access-Request as the agent's user, from inside: the secret stands in no list of processes.
access_request() {
  local key user said
  key=$(ENV_FILE=$SECRETS setting AGENT_PROXY_KEY)
  if [ -z "$key" ]; then
    line WARN "Access-Request" "AGENT_PROXY_KEY (<user>.<password>) is not set in $SECRETS: nobody to ask for" "iron-claw users add agent prints it"
    return 0
  fi
  user=${key%%.*}
  # shellcheck disable=SC2016  # the container's own variables
  said=$(printf 'User-Name = "%s"\nUser-Password = "%s"\nNAS-Identifier = "preflight"\nMessage-Authenticator = 0x00\n' "$user" "${key#*.}" |
    compose exec -T freeradius sh -c 'radclient -r 1 -t 5 -S /dev/fd/3 "127.0.0.1:$RADIUS_AUTH_PORT" auth 3<<END
$RADIUS_SECRET
END' 2>&1) || true
  case $said in
    *Access-Accept*) line PASS "Access-Request" "FreeRADIUS accepts $user" ;;
    *) line FAIL "Access-Request" "FreeRADIUS does not accept $user: $(first_line "$said")" "docker compose logs freeradius; iron-claw users list" ;;
  esac
}

asked_over_http() { # asked_over_http NAME URL VERDICT-WHEN-IT-FAILS FIX
  local code
  code=$(curl -sS -o /dev/null --max-time "$ANSWER_WITHIN" -w '%{http_code}' "$2" 2>&1) || true
  case $code in
    2?? | 3??) line PASS "$1" "$2 answers $code" ;;
    *) line "$3" "$1" "$2: $(first_line "$code")" "$4" ;;
  esac
}

# This machine's clock against the Date of the source: seconds of the day, so that no date has to be read.
clock() {
  local theirs ours drift
  theirs=$(curl -sSI --max-time "$ANSWER_WITHIN" https://www.mlssoccer.com/ 2>/dev/null | tr -d '\r' |
    awk 'tolower($1) == "date:" { split($6, t, ":"); print t[1] * 3600 + t[2] * 60 + t[3]; exit }') || theirs=
  if [ -z "$theirs" ]; then
    line WARN "clock" "the source tells no time"
    return 0
  fi
  ours=$(date -u +%H:%M:%S | awk '{ split($1, t, ":"); print t[1] * 3600 + t[2] * 60 + t[3] }')
  drift=$(((ours - theirs + 86400 + 43200) % 86400 - 43200))
  if [ "${drift#-}" -gt 60 ]; then
    line WARN "clock" "$drift s from the source's" "set the clock (NTP)"
  else
    line PASS "clock" "$drift s from the source's"
  fi
}

containers() {
  local service state bindings free browser
  if [ ! -f "$SECRETS" ]; then
    line FAIL "env file" "$SECRETS is not there" "copy envs/.env.local.secret.example and fill it in"
  else
    line PASS "env file" "envs/.env.local, $SECRETS"
  fi
  for service in $SERVICES; do
    state=$(docker inspect --format '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}' "$(compose ps --all --quiet "$service" 2>/dev/null)" 2>/dev/null) || state="not there"
    case $state in
      "running healthy" | "running ") line PASS "$service" "$state" ;;
      *) line FAIL "$service" "$state" "scripts/preflight.sh local --fix; docker compose logs $service" ;;
    esac
  done
  access_request
  bindings=$(compose exec -T rabbitmq /usr/lib/rabbitmq/bin/rabbitmqctl -q --no-table-headers list_bindings source_name destination_name 2>&1 | tr '\t' ' ') || true
  case "
$bindings
" in
    *"
matches-fanout matches
"*) line PASS "exchange" "matches-fanout -> matches" ;;
    *) line FAIL "exchange" "matches-fanout is not bound to matches" "docker compose up --build --wait loads deploy/rabbitmq/definitions.json" ;;
  esac
  queues "docker compose logs rabbitmq" "missing-table worker, with AMQP_URL and DATABASE_URL set" compose exec -T rabbitmq
  asked_over_http "API" http://127.0.0.1:8000/health/ready FAIL "missing-table migrate, then missing-table serve"
  asked_over_http "proxy" http://127.0.0.1:8100/ready WARN "iron-claw proxy; without it runs go without a model"
  asked_over_http "source" https://www.mlssoccer.com/ FAIL "is the network up?"
  browser=$(setting AGENT_CHROMIUM)
  if "${browser:-/usr/bin/chromium}" --version >/dev/null 2>&1; then
    line PASS "browser" "${browser:-/usr/bin/chromium}"
  else
    line FAIL "browser" "${browser:-/usr/bin/chromium} cannot be run" "set AGENT_CHROMIUM in envs/.env.local to a Chromium's path"
  fi
  clock
  free=$(df -Pm . | awk 'NR == 2 { print $4 }')
  if [ "$free" -lt 500 ]; then line FAIL "disk" "$free MB free" "make room"; else line PASS "disk" "$free MB free"; fi
}

# What --fix cannot start: our own programs run beside the containers, in terminals.
by_hand() {
  cat <<'END'
--fix starts the three containers. What else failed is started by hand, each program in a terminal of its own, after
    set -a; . envs/.env.local.secret; set +a; export PATH=$PWD/.venv/bin:$PATH
    export DATABASE_URL=postgresql://postgres:$POSTGRES_PASSWORD@127.0.0.1:15432/postgres
    export AMQP_URL=amqp://missing-table:$RABBITMQ_PASSWORD@127.0.0.1:5672/
    export IRON_CLAW_DATABASE_URL=postgresql://radius:$RADIUS_DB_PASSWORD@127.0.0.1:15432/postgres
    export IRON_CLAW_RADIUS_HOST=127.0.0.1 IRON_CLAW_RADIUS_SECRET=$RADIUS_SECRET IRON_CLAW_COA_SECRET=$RADIUS_COA_SECRET
  queue matches   missing-table migrate && missing-table worker
  API             missing-table serve
  proxy           iron-claw proxy     (its user: iron-claw users add agent, which prints AGENT_PROXY_KEY)
A run of the private or embedded stack needs none of these: scripts/trigger.sh local.
END
}

local_containers() {
  local fix=no
  [ "$*" != --fix ] || fix=yes
  # shellcheck source=scripts/lib/cluster.sh
  . scripts/lib/cluster.sh
  ENV_FILE=envs/.env.local
  trap 'echo "preflight.sh: interrupted" >&8; exit 130' INT TERM
  line PASS "Docker" "runs; the services are containers (compose.yaml)"
  containers
  if [ "$fix" = yes ] && [ "$failed" -gt 0 ]; then
    echo "$passed passed, $warned warnings, $failed failed; starting what is down ..."
    compose up --build --wait --detach || echo "preflight.sh: docker compose up failed; it says why above" >&8
    passed=0 warned=0 failed=0
    containers
  fi
  [ "$failed" -eq 0 ] || by_hand
  summary
}

[ $# -ge 1 ] || usage
where=$1
shift
case $where in
  local)
    case "$*" in # any other option speaks of a stack
      "" | --fix) if in_containers; then local_containers "$@"; else exec ./mt preflight "$@"; fi ;;
      *) exec ./mt preflight "$@" ;;
    esac
    ;;
  prod) prod "$@" ;;
  cloud) cloud "$@" ;;
  *) usage ;;
esac
