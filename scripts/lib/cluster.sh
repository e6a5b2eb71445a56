# shellcheck shell=bash
# What the scripts share about the clusters. Sourced; bash 3.2 compatible (macOS). It changes nothing in a cluster itself.
#
# kubectl is called in two ways only: kube (always with --context and a time limit) and kube_stream (with --context, for
# logs that go on). `kubectl config` and `--local` reach no cluster.

ENV_FILE=${MT_PROD_ENV_FILE:-envs/.env.prod}
ANSWER_WITHIN=${MT_KUBECTL_TIMEOUT_S:-15}
ME=$(basename "$0")
CONTEXT=
exec 8>&2 # what a person must read, although a trap may run while a function's output is thrown away

die() { # die CODE SENTENCE
  echo "$ME: $2" >&2
  exit "$1"
}

# The value of a setting: environment over env file. Nothing is executed; no quotes, no expansion beyond taking them off.
setting() { # setting NAME
  local name=$1 value
  value=$(printenv "$name" || true)
  if [ -z "$value" ] && [ -f "$ENV_FILE" ]; then
    value=$(sed -n "s/^[[:space:]]*${name}=//p" "$ENV_FILE" | tail -n 1)
    value=${value%%[[:space:]]#*}
    value=${value%"${value##*[![:space:]]}"}
    case $value in
      \"*\") value=${value#\"} value=${value%\"} ;;
      \'*\') value=${value#\'} value=${value%\'} ;;
    esac
  fi
  printf '%s' "$value"
}

need_kubectl() {
  command -v kubectl >/dev/null 2>&1 ||
    die 2 "kubectl is not installed, or not on PATH. Rancher Desktop brings it (~/.rd/bin); else https://kubernetes.io/docs/tasks/tools/"
}

known_to_kubectl() { # known_to_kubectl CONTEXT
  case "
$(kubectl config get-contexts -o name 2>/dev/null)
" in *"
$1
"*) return 0 ;; esac
  return 1
}

cluster_of() { # cluster_of CONTEXT: the server that kubectl would talk to
  kubectl config view -o "jsonpath={.clusters[?(@.name==\"$(
    kubectl config view -o "jsonpath={.contexts[?(@.name==\"$1\")].context.cluster}"
  )\")].cluster.server}"
}

# The cluster at home, from AGENT_KUBE_CONTEXT. Refuses what is unset, unknown or the cloud: never a guess, and never
# kubectl's current context. CLOUD_KUBE_CONTEXT is read here to be refused, and for nothing else.
use_home() {
  need_kubectl
  local cloud
  CONTEXT=$(setting AGENT_KUBE_CONTEXT)
  cloud=$(setting CLOUD_KUBE_CONTEXT)
  [ -n "$CONTEXT" ] || die 2 "AGENT_KUBE_CONTEXT is not set in $ENV_FILE: it names kubectl's context of the cluster at home."
  [ -n "$cloud" ] || die 2 "CLOUD_KUBE_CONTEXT is not set in $ENV_FILE: without it nobody can tell the cloud from the cluster at home."
  [ "$CONTEXT" != "$cloud" ] || die 2 "AGENT_KUBE_CONTEXT is '$CONTEXT', which is the cloud: the pipeline runs at home. Nothing was done."
  known_to_kubectl "$CONTEXT" || die 2 "kubectl knows no context '$CONTEXT' (AGENT_KUBE_CONTEXT). It knows: $(
    kubectl config get-contexts -o name 2>/dev/null | tr '\n' ' '
  )"
  if known_to_kubectl "$cloud" && [ "$(cluster_of "$CONTEXT")" = "$(cluster_of "$cloud")" ]; then
    die 2 "the context '$CONTEXT' leads to the same server as the cloud's '$cloud'. Nothing was done."
  fi
}

# The cloud K8s, from CLOUD_KUBE_CONTEXT: for deploy.sh cloud and the read-only health check alone.
use_cloud() {
  need_kubectl
  CONTEXT=$(setting CLOUD_KUBE_CONTEXT)
  [ -n "$CONTEXT" ] || die 2 "CLOUD_KUBE_CONTEXT is not set in $ENV_FILE: it names kubectl's context of the cloud K8s."
  [ "$CONTEXT" != "$(setting AGENT_KUBE_CONTEXT)" ] || die 2 "CLOUD_KUBE_CONTEXT and AGENT_KUBE_CONTEXT are the same. Nothing was done."
  known_to_kubectl "$CONTEXT" || die 2 "kubectl knows no context '$CONTEXT' (CLOUD_KUBE_CONTEXT)."
}

kube() {
  kubectl --context "$CONTEXT" --request-timeout="${ANSWER_WITHIN}s" "$@"
}

kube_stream() {
  kubectl --context "$CONTEXT" "$@"
}

# Ends the script when the cluster does not answer, or does not let us in.
need_answer() {
  local said
  said=$(kube get --raw /version 2>&1) ||
    die 5 "the cluster behind context '$CONTEXT' does not answer within ${ANSWER_WITHIN} s. Is it running (Rancher Desktop), is the network up? kubectl says: $(first_line "$said")"
}

first_line() {
  printf '%s\n' "$1" | sed -n '/./{p;q;}' | cut -c 1-300
}

# A Job of the CronJob's, with other arguments: job_from_cronjob NAME FILE ARGUMENT... writes it to FILE, creates nothing.
# The arguments are read back out of what was written: a Job that would do something else is never handed on.
job_from_cronjob() {
  local name=$1 file=$2 word list="" read_back="" want=""
  shift 2
  for word in "$@"; do
    case $word in *[!A-Za-z0-9._:/=,-]* | "") die 2 "'$word' cannot be an argument of a Job." ;; esac
    list="$list${list:+,}\"$word\""
    want="$want$word "
  done
  kube create job "$name" -n match-scraper --from=cronjob/match-scraper-agent --dry-run=client -o json >"$file.plain" ||
    return 1
  kubectl patch --local -f "$file.plain" --type=json -o json \
    -p "[{\"op\":\"add\",\"path\":\"/spec/template/spec/containers/0/args\",\"value\":[$list]}]" >"$file" || return 1
  read_back=$(kubectl patch --local -f "$file" --type=merge -p '{}' \
    -o 'jsonpath={range .spec.template.spec.containers[0].args[*]}{@}{" "}{end}') || return 1
  [ "$read_back" = "$want" ] || {
    echo "$ME: the Job would run '$read_back' instead of '$want'" >&2
    return 1
  }
}

# What keeps a pod from starting, as "reason: message"; empty while nothing does. why_stuck POD
why_stuck() {
  kube get pod -n match-scraper "$1" -o 'jsonpath={range .status.containerStatuses[*]}{.state.waiting.reason}{": "}{.state.waiting.message}{"\n"}{end}' 2>/dev/null |
    grep -E '^(ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName|CreateContainerConfigError|CreateContainerError|RunContainerError|CrashLoopBackOff)' |
    sed -n 1p
}

# Waits for a Job, showing its log as it comes. Returns the run's own exit code; 5 when it could not start or the cluster
# stopped answering. follow_job NAME
LOG_READER=
stop_reading() {
  if [ -n "$LOG_READER" ]; then
    kill "$LOG_READER" 2>/dev/null || true
    wait "$LOG_READER" 2>/dev/null || true
    LOG_READER=
  fi
}
follow_job() {
  local job=$1 seen="" silent=0 state pod stuck code started=""
  echo "-- waiting for the pod of Job $job"
  while :; do
    state=$(kube get job -n match-scraper "$job" -o 'jsonpath={range .status.conditions[?(@.status=="True")]}{.type}{" "}{end}' 2>&1) || {
      case $state in
        *NotFound* | *"not found"*)
          stop_reading
          echo "$ME: the Job $job is gone: somebody deleted it." >&2
          return 5
          ;;
      esac
      silent=$((silent + 1))
      if [ "$silent" -ge 3 ]; then
        stop_reading
        echo "$ME: the cluster stopped answering ($(first_line "$state")). The Job goes on without us; look again with: kubectl --context $CONTEXT -n match-scraper logs -f job/$job" >&2
        return 5
      fi
      echo "-- no answer ($silent of 3); asking again"
      continue
    }
    silent=0
    pod=$(kube get pods -n match-scraper -l "job-name=$job" --sort-by=.metadata.creationTimestamp \
      -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}' 2>/dev/null | sed -n '$p') || pod=
    if [ -n "$pod" ] && [ "$pod" != "$seen" ]; then
      stuck=$(why_stuck "$pod" || true)
      if [ -n "$stuck" ]; then
        stop_reading
        echo "$ME: pod $pod cannot start. $stuck" >&2
        case $stuck in
          CrashLoopBackOff*)
            echo "-- its last words:" >&2
            kube logs -n match-scraper "$pod" --previous --tail=30 >&2 2>/dev/null || true
            ;;
          *ImagePull* | *Image*) echo "$ME: is the image built on that machine, in the tag that the CronJob names? deploy/images/README.md" >&2 ;;
          CreateContainerConfigError*) echo "$ME: a Secret or a key of it is missing: scripts/preflight.sh prod names it" >&2 ;;
        esac
        echo "$ME: the Job is still there: kubectl --context $CONTEXT -n match-scraper delete job $job" >&2
        return 5
      fi
      started=$(kube get pod -n match-scraper "$pod" -o 'jsonpath={.status.phase}' 2>/dev/null) || started=
      case $started in
        Running | Succeeded | Failed)
          stop_reading
          [ -z "$seen" ] || echo "-- the run is tried once more"
          echo "-- log of pod $pod"
          seen=$pod
          kube_stream logs -n match-scraper -f "$pod" &
          LOG_READER=$!
          ;;
      esac
    fi
    case $state in
      *Complete* | *Failed*)
        if [ -n "$LOG_READER" ]; then # the last lines may still be on their way
          wait "$LOG_READER" 2>/dev/null || true
          LOG_READER=
        fi
        code=$(kube get pod -n match-scraper "$seen" -o 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}' 2>/dev/null) || code=
        case $state in
          *Complete*) echo "-- Job $job succeeded" ;;
          *) echo "-- Job $job FAILED: $(kube get job -n match-scraper "$job" -o 'jsonpath={range .status.conditions[?(@.type=="Failed")]}{.reason}{" "}{.message}{end}' 2>/dev/null)" ;;
        esac
        case $state in *Complete*) return "${code:-0}" ;; esac
        [ "${code:-0}" -ne 0 ] || code=5
        return "$code"
        ;;
    esac
    # The pause, or until it completes: the wait is the pause.
    kube wait -n match-scraper --for=condition=complete "job/$job" --timeout="${MT_JOB_PAUSE_S:-3}s" >/dev/null 2>&1 || true
  done
}
