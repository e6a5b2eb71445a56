# shellcheck shell=bash
# Two stand-in API servers, one a context, and the scripts in a copy of the checkout, so that a test may change env files.
# kubectl is the real one. MT_* come from test_scripts.py, which calls bats.

setup_file() {
  export TREE=$BATS_FILE_TMPDIR/tree HOME=$BATS_FILE_TMPDIR/home
  mkdir -p "$TREE" "$HOME" "$BATS_FILE_TMPDIR/bin"
  cp -R "$MT_ROOT/scripts" "$MT_ROOT/envs" "$MT_ROOT/deploy" "$TREE/"
  rm -f "$TREE"/envs/*.secret
  ln -s "$MT_KUBECTL" "$BATS_FILE_TMPDIR/bin/kubectl"
  export PATH=$BATS_FILE_TMPDIR/bin:$PATH MT_KUBECTL_TIMEOUT_S=20
  unset AGENT_KUBE_CONTEXT CLOUD_KUBE_CONTEXT MT_PUBLIC_URL
  local name
  for name in home cloud; do
    mkfifo "$BATS_FILE_TMPDIR/$name.port"
    # bats waits for who holds its descriptor 3: the servers do not
    "$MT_PYTHON" "$MT_STANDIN" --log "$BATS_FILE_TMPDIR/$name.log" --objects "$MT_OBJECTS/$name.json" \
      >"$BATS_FILE_TMPDIR/$name.port" 2>"$BATS_FILE_TMPDIR/$name.err" 3>&- &
    echo $! >"$BATS_FILE_TMPDIR/$name.pid"
    read -r "${name?}" <"$BATS_FILE_TMPDIR/$name.port"
  done
  # shellcheck disable=SC2154  # read above, by name
  export HOME_API=http://127.0.0.1:$home CLOUD_API=http://127.0.0.1:$cloud KUBECONFIG=$BATS_FILE_TMPDIR/kubeconfig
  cat >"$KUBECONFIG" <<END
apiVersion: v1
kind: Config
current-context: lke560651-ctx
clusters:
- {name: home, cluster: {server: "$HOME_API"}}
- {name: cloud, cluster: {server: "$CLOUD_API"}}
contexts:
- {name: rancher-desktop, context: {cluster: home, user: somebody}}
- {name: lke560651-ctx, context: {cluster: cloud, user: somebody}}
- {name: renamed, context: {cluster: cloud, user: somebody}}
users:
- {name: somebody, user: {token: none}}
END
  sed -i.bak "s#^MT_PUBLIC_URL=.*#MT_PUBLIC_URL=$HOME_API#" "$TREE/envs/.env.prod"
  sed -i.bak 's#^REGISTRY=.*#REGISTRY=registry.invalid#' "$TREE/deploy/cloud/settings.env"
}

teardown_file() {
  local name
  for name in home cloud; do
    kill "$(cat "$BATS_FILE_TMPDIR/$name.pid")" 2>/dev/null || true
    cat "$BATS_FILE_TMPDIR/$name.err" >&2
  done
}

setup() {
  cd "$TREE" || return 1
  tell home '{"reset": true}'
  tell cloud '{"reset": true}'
  cp envs/.env.prod "$BATS_TEST_TMPDIR/env.prod"
  THE_CLOUD_IS_MEANT=
}

# Whatever a script does, the cloud never hears of it, except where a test says that it is meant.
teardown() {
  cp "$BATS_TEST_TMPDIR/env.prod" envs/.env.prod
  [ -n "$THE_CLOUD_IS_MEANT" ] || [ ! -s "$BATS_FILE_TMPDIR/cloud.log" ] || {
    echo "the cloud was called:"
    cat "$BATS_FILE_TMPDIR/cloud.log"
    return 1
  }
}

tell() { # tell home|cloud JSON
  local url=$HOME_API
  [ "$1" = home ] || url=$CLOUD_API
  curl -sS --fail -o /dev/null -X POST -H 'Content-Type: application/json' -d "$2" "$url/__standin"
}

requests() { # requests home|cloud [METHOD]: what it was asked, a line each
  sed -n "s/.*\"method\": \"\(${2:-[A-Z]*}\)\", \"path\": \"\([^\"]*\)\".*/\1 \2/p" "$BATS_FILE_TMPDIR/$1.log"
}

changes() { # changes home|cloud: everything but looking
  requests "$1" | grep -v '^GET ' || true
}

set_env() { # set_env NAME VALUE, in envs/.env.prod
  sed -i.bak "s#^$1=.*#$1=$2#" envs/.env.prod
}

# shellcheck disable=SC2154  # output and status are bats' own
said() { # said TEXT: the output of `run` holds it
  case $output in *"$1"*) ;; *)
    echo "not said: $1"
    echo "$output"
    return 1
    ;;
  esac
}

unsaid() {
  case $output in *"$1"*)
    echo "said: $1"
    echo "$output"
    return 1
    ;;
  esac
}

job_arguments() { # of the one Job by hand in the cluster at home
  kubectl --context rancher-desktop -n match-scraper get jobs \
    -o 'jsonpath={range .items[*]}{.spec.template.spec.containers[0].args}{"\n"}{end}' | grep -v '^\["run"\]$' || true
}
