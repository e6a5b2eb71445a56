# preflight.sh local where the services run as containers. docker and curl are played here: what is tested is what the
# script makes of their answers (tests/images runs the real containers).
load two_clusters

setup() {
  cd "$TREE" || return 1
  cp envs/.env.prod "$BATS_TEST_TMPDIR/env.prod"
  THE_CLOUD_IS_MEANT=yes # nothing was reset: the log is another test's
  export SAID=$BATS_TEST_TMPDIR/said
  mkdir -p "$SAID" "$BATS_TEST_TMPDIR/bin"
  echo "running healthy" >"$SAID/state"
  echo "Received Access-Accept Id 1" >"$SAID/radius"
  printf 'matches-fanout\tmatches\n' >"$SAID/bindings"
  printf 'matches\t0\t1\nmatches.dead\t0\t0\n' >"$SAID/queues"
  cat >"$BATS_TEST_TMPDIR/bin/docker" <<'END'
#!/bin/sh
echo "docker $*" >>"$SAID/calls"
case "$*" in
  *" ps --all --quiet"*) echo 5f1c ;;
  inspect*) cat "$SAID/state" ;;
  *list_bindings*) cat "$SAID/bindings" ;;
  *list_queues*) cat "$SAID/queues" ;;
  *radclient*) cat >"$SAID/request"; cat "$SAID/radius" ;;
  *" up "*) echo "running healthy" >"$SAID/state" ;;
esac
END
  cat >"$BATS_TEST_TMPDIR/bin/curl" <<'END'
#!/bin/sh
case "$*" in
  *-sSI*) echo "Date: $(date -u '+%a, %d %b %Y %H:%M:%S') GMT" ;;
  *) printf 200 ;;
esac
END
  printf '%s\n' '#!/bin/sh' >"$BATS_TEST_TMPDIR/bin/chromium"
  chmod +x "$BATS_TEST_TMPDIR/bin/"*
  export PATH=$BATS_TEST_TMPDIR/bin:$PATH AGENT_CHROMIUM=$BATS_TEST_TMPDIR/bin/chromium
  printf 'AGENT_PROXY_KEY=agent.kR2vQ0\nRADIUS_SECRET=7711\n' >envs/.env.local.secret
}

@test "all well: the containers, a real Access-Request, the queue, what runs beside them" {
  run scripts/preflight.sh local
  echo "$output"
  [ "$status" -eq 0 ]
  said "PASS  Docker"
  said "PASS  freeradius: running healthy"
  said "PASS  Access-Request: FreeRADIUS accepts agent"
  said "PASS  exchange: matches-fanout -> matches"
  said "PASS  queue matches: 0 messages, 1 consumers"
  said "PASS  clock"
  said "0 warnings, 0 failed"
  grep -q 'User-Password = "kR2vQ0"' "$SAID/request"
  ! grep -q 'kR2vQ0\|7711' "$SAID/calls" # no secret in a list of processes
}

@test "what is down has its line; --fix starts it and looks again" {
  echo "exited unhealthy" >"$SAID/state"
  echo "radclient: no response" >"$SAID/radius"
  : >"$SAID/bindings"
  run scripts/preflight.sh local
  [ "$status" -eq 1 ]
  said "FAIL  postgres: exited unhealthy"
  said "FAIL  Access-Request: FreeRADIUS does not accept agent: radclient: no response"
  said "FAIL  exchange: matches-fanout is not bound"
  [ -z "$(grep " up " "$SAID/calls")" ]
  echo "Received Access-Accept" >"$SAID/radius"
  printf 'matches-fanout\tmatches\n' >"$SAID/bindings"
  run scripts/preflight.sh local --fix
  [ "$status" -eq 0 ]
  said "3 failed; starting what is down"
  grep -q "compose --env-file envs/.env.local.secret up --build --wait --detach" "$SAID/calls"
}

@test "what --fix cannot start is named, with the command and its settings" {
  printf 'matches\t4\t0\nmatches.dead\t0\t0\n' >"$SAID/queues"
  # shellcheck disable=SC2016  # the stand-in's own words
  printf '%s\n' '#!/bin/sh' 'case "$*" in *8000*) printf 000; exit 7 ;; *-sSI*) ;; *) printf 200 ;; esac' >"$BATS_TEST_TMPDIR/bin/curl"
  run scripts/preflight.sh local --fix
  [ "$status" -eq 1 ]
  said "FAIL  queue matches: 4 messages, nobody consumes"
  said "FAIL  API: http://127.0.0.1:8000/health/ready"
  said "2 failed; starting what is down"
  said "queue matches   missing-table migrate && missing-table worker"
  said "API             missing-table serve"
  # shellcheck disable=SC2016  # a command for a person, not for this shell
  said 'export AMQP_URL=amqp://missing-table:$RABBITMQ_PASSWORD@127.0.0.1:5672/'
  said "scripts/trigger.sh local"
  unsaid "kR2vQ0"
}

@test "where the services are containers, an option that names a stack, and a run, mean the private stack" {
  # shellcheck disable=SC2016
  printf '%s\n' '#!/bin/sh' 'echo "mt $*"' >mt && chmod +x mt
  for options in "--port-offset 7" "--fix --data /var/tmp/x" "--embedded" "--json"; do
    # shellcheck disable=SC2086  # words of a command
    run scripts/preflight.sh local $options
    [ "$output" = "mt preflight $options" ]
  done
  run scripts/trigger.sh local --port-offset 7 --data=/var/tmp/x --embedded
  [ "$status" -eq 0 ]
  said "mt preflight --fix --port-offset 7 --data=/var/tmp/x --embedded"
  said "mt run --port-offset 7 --data=/var/tmp/x --embedded"
  [ ! -e "$SAID/calls" ]
}

@test "without containers of ours on a Debian the private stack is looked at" {
  rm envs/.env.local.secret
  # shellcheck disable=SC2016
  printf '%s\n' '#!/bin/sh' 'echo "mt $*"' >mt && chmod +x mt
  run scripts/preflight.sh local --fix
  [ "$output" = "mt preflight --fix" ]
}
