#!/usr/bin/env bash
# Brings a cluster to what deploy/<cluster> says: shows the diff, asks, applies in order, waits, looks whether all is well.
#   scripts/deploy.sh rancher-desktop|cloud [--diff] [--yes]
#     --diff   only show what would change
#     --yes    do not ask (a pipeline's; a person is better asked)
# Both are production. How to roll back: docs/operations.md, Deploying.
# bash 3.2 compatible: it runs on macOS as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
ROLLED_OUT_WITHIN=${MT_ROLLOUT_TIMEOUT_S:-300}

usage() {
  echo "usage: scripts/deploy.sh rancher-desktop|cloud [--diff] [--yes]" >&2
  exit 2
}

[ $# -ge 1 ] || usage
cluster=$1
shift
case $cluster in rancher-desktop | cloud) ;; *) usage ;; esac
only_diff=no sure=no
for word in "$@"; do
  case $word in
    --diff) only_diff=yes ;;
    --yes) sure=yes ;;
    *) usage ;;
  esac
done

# shellcheck source=scripts/lib/cluster.sh
. scripts/lib/cluster.sh
if [ "$cluster" = cloud ]; then use_cloud; else use_home; fi
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
trap 'echo "deploy.sh: interrupted. What was applied stays; call it again to go on." >&8; exit 130' INT TERM

kubectl kustomize "deploy/$cluster" >"$WORK/all.yaml" || die 1 "deploy/$cluster cannot be rendered; kustomize says why above."
if [ "$cluster" = cloud ] && grep -q 'registry\.example\.com' "$WORK/all.yaml"; then
  die 2 "REGISTRY in deploy/cloud/settings.env is still the example: name the registry that the images are in."
fi
need_answer

# One file a stage, in the order in which they are applied.
awk -v folder="$WORK" '
  function flush() { if (text != "") { print "---\n" text >> (folder "/" stage[kind]) } text = ""; kind = "" }
  BEGIN {
    stage["Namespace"] = "1-namespaces.yaml"
    stage["StatefulSet"] = "3-stateful.yaml"
    stage["Deployment"] = "4-deployments.yaml"
    stage["CronJob"] = "5-cronjobs.yaml"
    split("ServiceAccount ConfigMap Service PersistentVolumeClaim NetworkPolicy PodDisruptionBudget Ingress", around, " ")
    for (i in around) stage[around[i]] = "2-around.yaml"
  }
  /^---/ { flush(); next }
  /^kind: / { kind = $2; if (!(kind in stage)) { print "deploy.sh: no stage for kind " kind > "/dev/stderr"; exit 1 } }
  { text = text $0 "\n" }
  END { flush() }
' "$WORK/all.yaml" || die 1 "nothing was applied."

echo "== what would change in context $CONTEXT"
missing=
while read -r space; do
  kube get namespace "$space" -o name >/dev/null 2>&1 || missing="$missing $space"
done <<END
$(sed -n 's/^  name: //p' "$WORK/1-namespaces.yaml")
END
changed=no
if [ -n "$missing" ]; then
  echo "new namespaces:$missing (everything in them is new)"
  changed=yes
else
  code=0
  kube diff --server-side --force-conflicts -f "$WORK/all.yaml" || code=$?
  case $code in
    0) echo "nothing" ;;
    1) changed=yes ;;
    *) die 1 "kubectl diff failed ($code); nothing was applied." ;;
  esac
fi
[ "$only_diff" = no ] || exit 0

if [ "$changed" = yes ] && [ "$sure" = no ]; then
  [ -t 0 ] || die 2 "this changes PRODUCTION and there is nobody to ask: call it with --yes to mean it. Nothing was applied."
  printf 'This changes PRODUCTION (%s). Type %s to go on: ' "$CONTEXT" "$cluster"
  read -r answer || answer=
  [ "$answer" = "$cluster" ] || die 2 "nothing was applied."
fi

apply() { # apply FILE WHAT
  [ -f "$WORK/$1" ] || return 0
  echo "== $2"
  kube apply --server-side --force-conflicts --field-manager=missing-table -f "$WORK/$1" ||
    die 1 "$2 were not applied; what came before them stays. docs/operations.md, Deploying, says how to go back."
}

rolled_out() { # rolled_out FILE
  local space name kind
  [ -f "$WORK/$1" ] || return 0
  while read -r kind space name; do
    echo "-- waiting for $kind $space/$name"
    kube_stream rollout status -n "$space" "$kind/$name" --timeout="${ROLLED_OUT_WITHIN}s" || {
      kube get pods -n "$space" -l "app.kubernetes.io/name=$name" || true
      die 1 "$kind $space/$name was not rolled out within $ROLLED_OUT_WITHIN s. The old pods still serve where there were any. Back: kubectl --context $CONTEXT -n $space rollout undo $kind/$name"
    }
  done <<END
$(awk '/^---/ { kind = name = space = "" ; meta = 0 } /^kind: / { kind = tolower($2) } /^metadata:/ { meta = 1 } /^spec:/ { meta = 0; print kind, space, name }
    meta && /^  name: / { name = $2 } meta && /^  namespace: / { space = $2 }' "$WORK/$1")
END
}

apply 1-namespaces.yaml "namespaces"
apply 2-around.yaml "configuration, services, network policies"
apply 3-stateful.yaml "the broker"
rolled_out 3-stateful.yaml
apply 4-deployments.yaml "deployments"
rolled_out 4-deployments.yaml
apply 5-cronjobs.yaml "the daily run"

echo "== preflight"
if [ "$cluster" = cloud ]; then scripts/preflight.sh cloud; else scripts/preflight.sh prod; fi
