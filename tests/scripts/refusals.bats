# Which cluster a script talks to is never a guess. No test here may reach the cloud (two_clusters.bash looks).
load two_clusters

each() { # every script that acts at home
  for call in "trigger.sh prod" "preflight.sh prod" "deploy.sh rancher-desktop --yes" \
    "backfill.sh --season 2025-26 --from 2025-09-01 --to 2025-09-02"; do
    # shellcheck disable=SC2086  # words of a command
    run scripts/$call
    "$@" || {
      echo "in $call"
      return 1
    }
    [ ! -s "$BATS_FILE_TMPDIR/home.log" ] || return 1
  done
}
refused_with() { [ "$status" -eq 2 ] && said "$1"; }

@test "an unset context is refused, although kubectl has a current one" {
  set_env AGENT_KUBE_CONTEXT ""
  each refused_with "AGENT_KUBE_CONTEXT is not set in envs/.env.prod"
}

@test "the cloud's context is refused" {
  set_env AGENT_KUBE_CONTEXT lke560651-ctx
  each refused_with "which is the cloud"
}

@test "another name for the cloud's server is refused" {
  set_env AGENT_KUBE_CONTEXT renamed
  each refused_with "leads to the same server as the cloud's"
}

@test "a context that kubectl does not know is refused, and those that it knows are named" {
  set_env AGENT_KUBE_CONTEXT rancher
  each refused_with "kubectl knows no context 'rancher' (AGENT_KUBE_CONTEXT). It knows: lke560651-ctx rancher-desktop renamed"
}

@test "without the cloud's name nobody can tell it apart: refused" {
  set_env CLOUD_KUBE_CONTEXT ""
  each refused_with "CLOUD_KUBE_CONTEXT is not set"
}

@test "the environment wins over the env file, and is held to the same" {
  AGENT_KUBE_CONTEXT=lke560651-ctx run scripts/trigger.sh prod
  [ "$status" -eq 2 ]
  said "which is the cloud"
}

@test "a missing kubectl is one sentence, from each script" {
  mkdir -p "$BATS_TEST_TMPDIR/bin"
  for program in bash basename dirname printenv sed tail grep cat date mktemp rm cut awk tr; do
    ln -s "$(command -v $program)" "$BATS_TEST_TMPDIR/bin/$program"
  done
  PATH=$BATS_TEST_TMPDIR/bin each refused_with "kubectl is not installed, or not on PATH"
}

@test "a wrong word is bad usage" {
  for call in "trigger.sh" "trigger.sh staging" "trigger.sh prod --now" "preflight.sh" "preflight.sh prod --fix" \
    "deploy.sh" "deploy.sh staging" "deploy.sh cloud --force" "backfill.sh" "backfill.sh --season 2025-26"; do
    # shellcheck disable=SC2086
    run scripts/$call
    [ "$status" -eq 2 ]
    said "usage:"
  done
}
