"""The command line on a real gateway's tables and journal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from devstack import patient
from devstack.services import process
from devstack.testing.gateway import Gateway
from devstack.testing.radius import Radius
from devstack.testing.waiting import until_async as until

PROGRAM = str(Path(sys.executable).parent / "iron-claw")
TOLD = {"model": "claude-sonnet-4-6", "max_tokens": 50, "messages": [{"role": "user", "content": "Hello"}]}


def claw(env: dict[str, str], *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments], env={**env, "COLUMNS": "200"}, input=stdin, capture_output=True, text=True, check=False
    )


def post(gateway: Gateway, key: str | None = None, **more: object) -> int:
    headers = {"x-api-key": key or gateway.key}
    return patient.post(f"{gateway.url}/v1/messages", json={**TOLD, **more}, headers=headers).status_code


def test_a_user_is_added_changed_billed_watched_and_removed(gateway: Gateway) -> None:
    env = gateway.environment
    added = claw(env, "users", "add", "bob", "--token-budget", "5000", "--monthly-budget", "90000", "--json")
    key = json.loads(added.stdout)["key"]
    assert post(gateway, key) == 200
    status = claw({**env, "IRON_CLAW_KEY": key}, "status", "--json")
    assert json.loads(status.stdout)["token_budget"] == 5000
    assert json.loads(status.stdout)["monthly_budget"] == 90_000
    share = json.loads(status.stdout)["monthly_used"] / 90_000
    assert f'iron_claw_month_used_ratio{{user="bob"}} {share}' in gateway.get("/metrics").text
    stored = str(gateway.radius.rows("select * from radcheck"))
    assert key.partition(".")[2] not in stored
    assert "SSHA2-256-Password" in stored
    assert claw(env, "users", "add", "bob").returncode == 1
    assert claw(env, "users", "set", "bob", "--token-budget", "700", "--no", "monthly-budget").returncode == 0
    assert post(gateway, key, model="model-of-tomorrow") == 200

    watched = json.loads(claw(env, "monitor", "--json").stdout)
    (shown,) = watched["sessions"].values()
    assert (shown["user"], shown["calls"], shown["reserved"], shown["state"]) == ("bob", 2, 0, "open")
    log = json.loads(claw(env, "monitor", "-", "--json", stdin=gateway.log.read_text()).stdout)
    (logged,) = log["sessions"].values()
    assert (logged["user"], logged["used"], logged["calls"]) == ("bob", shown["used"], 2)
    assert "bob" in claw(env, "monitor", "--once").stdout

    gateway.stop()
    (user,) = [u for u in json.loads(claw(env, "users", "list", "--json").stdout) if u["username"] == "bob"]
    assert (user["token_budget"], user["monthly_budget"]) == (700, None)
    assert user["monthly_used"] == shown["used"] == sum(gateway.upstream.served_tokens())
    (bill,) = json.loads(claw(env, "usage", "--by", "user", "--json").stdout)
    assert (bill["user"], bill["calls"], bill["cost_micro_usd"], bill["calls_without_price"]) == ("bob", 2, None, 1)
    assert bill["known_cost_micro_usd"] > 0
    models = json.loads(claw(env, "usage", "--by", "model", "--json").stdout)
    assert [row["model"] for row in models] == ["claude-sonnet-4-6", "model-of-tomorrow"]
    assert len(json.loads(claw(env, "usage", "--by", "day", "--json").stdout)) == 1
    assert "bob" in claw(env, "usage").stdout
    assert claw(env, "users", "remove", "bob").returncode == 0
    gateway.start()
    assert post(gateway, key) == 401


def test_a_month_that_is_used_up_is_told_with_its_reset_date(gateway: Gateway) -> None:
    gateway.radius.add_user("bob", "bobs-own-secret", check={"MT-Max-Monthly-Tokens": 10})
    with psycopg.connect(gateway.radius.database.dsn) as connection:
        connection.execute(
            """insert into radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctinputoctets,
               acctoutputoctets) values ('s', 's', 'bob', '127.0.0.1', now(), 4, 6)"""
        )
    now = datetime.now(UTC)
    resets = f"{datetime(now.year + now.month // 12, now.month % 12 + 1, 1):%Y-%m-%dT%H:%M:%SZ}"
    key = {"x-api-key": "bob.bobs-own-secret"}
    refused = patient.post(f"{gateway.url}/v1/messages", json=TOLD, headers=key)
    assert (refused.status_code, refused.headers["x-should-retry"]) == (429, "false")
    assert refused.json()["error"]["resets_at"] == resets
    shown = claw({**gateway.environment, "IRON_CLAW_KEY": key["x-api-key"]}, "status")
    assert (shown.returncode, f"they are new at {resets}" in shown.stderr) == (1, True)


def test_a_script_sets_a_user_with_its_own_secret(radius: Radius) -> None:
    env = {**radius.server.environment(), "IRON_CLAW_DATABASE_URL": radius.dsn}
    env["IRON_CLAW_NEW_SECRET"] = "a-secret-made-by-the-stack"
    for budget in ("100", "200"):
        done = claw(env, "users", "add", "agent", "--exist-ok", "--token-budget", budget)
        assert done.returncode == 0, done.stderr
        assert "a-secret" not in done.stdout
        assert done.stderr == f"writes users in database {radius.database.name} on 127.0.0.1\n"
    for change in (("set", "agent", "--max-calls", "9"), ("set", "agent", "--no", "max-calls"), ("remove", "nobody")):
        assert claw(env, "users", *change).stderr.startswith(f"writes users in database {radius.database.name} on ")
    assert claw(env, "users", "list").stderr == ""
    seen = radius.radclient(
        "auth",
        {"User-Name": "agent", "User-Password": env["IRON_CLAW_NEW_SECRET"], "Message-Authenticator": "0x00"},
    )
    assert "Received Access-Accept" in seen
    assert "MT-Token-Budget = 200" in seen


def test_bad_settings_are_named_and_end_with_two(tmp_path: Path) -> None:
    for name, value in (("IRON_CLAW_PORT", "many"), ("IRON_CLAW_REDUCE_PCT", "5"), ("IRON_CLAW_RADIUS_HOST", "r")):
        done = claw({name: value, "IRON_CLAW_STATE_DIR": str(tmp_path)}, "proxy")
        assert done.returncode == 2
        assert name in done.stderr
    missing = claw({}, "users", "list")
    assert (missing.returncode, "IRON_CLAW_DATABASE_URL is not set" in missing.stderr) == (2, True)
    nobody = claw({"IRON_CLAW_PORT": "1"}, "status")
    assert (nobody.returncode, "no gateway answers" in nobody.stderr) == (1, True)


def test_a_port_that_is_taken_and_a_journal_in_use_are_named(gateway: Gateway, tmp_path: Path) -> None:
    taken = claw({**gateway.environment, "IRON_CLAW_STATE_DIR": str(tmp_path)}, "proxy")
    assert (taken.returncode, f"127.0.0.1:{gateway.port}" in taken.stderr) == (5, True)
    in_use = claw({**gateway.environment, "IRON_CLAW_PORT": str(process.free_port())}, "proxy")
    assert (in_use.returncode, "is in use by another gateway" in in_use.stderr) == (2, True)


class Screen:
    """`iron-claw monitor` on a terminal of its own: what is on it, without colours and cursor moves."""

    def __init__(self, env: dict[str, str], *arguments: str, stdin: int | None = None) -> None:
        mine, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        self.child = subprocess.Popen(
            [PROGRAM, "monitor", *arguments], env={**env, "TERM": "xterm"}, stdin=stdin, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self._terminal = mine
        self._seen = ""

    def shows(self, *texts: str) -> None:
        """Reads on until all of these were drawn, in what comes from here on."""
        self._seen = ""
        while not all(text in self._seen for text in texts):
            ready, _, _ = select.select([self._terminal], [], [], 30)
            assert ready, f"not shown: {texts}; but {self._seen[-2000:]}"
            self._seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", os.read(self._terminal, 65536).decode(errors="replace"))

    def close(self) -> int:
        """Ctrl-C; the exit code."""
        if self.child.poll() is None and self.child.stdin is None:
            self.child.send_signal(signal.SIGINT)
        with suppress(OSError):  # the terminal's other end is gone: EIO
            while os.read(self._terminal, 65536):
                pass
        os.close(self._terminal)
        return self.child.wait(30)


def test_monitor_follows_a_gateway_live(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=1000)
    gateway.upstream.knobs(reply="x" * 4 * 500)
    assert post(gateway, max_tokens=500) == 200
    screen = Screen(gateway.environment)
    first = sum(gateway.upstream.served_tokens())
    screen.shows(gateway.user, "1,000", str(first), "━", "open", "ladder: none", "calls: complete 1")
    screen.shows("journal waits: 0 for RADIUS, 0 calls for the database")
    assert post(gateway, max_tokens=260) == 200
    second = sum(gateway.upstream.served_tokens())
    screen.shows(str(second), "calls: complete 2")
    assert post(gateway, max_tokens=20) == 200
    screen.shows("ladder: downgrade 1", "calls: complete 3")
    gateway.end_session()
    screen.shows("User-Request")
    assert screen.close() == 0


async def test_monitor_follows_a_json_log_from_stdin(gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=1000)
    screen = Screen(gateway.environment, "-", stdin=subprocess.PIPE)
    told = 0
    assert screen.child.stdin is not None
    for calls in (1, 2):
        assert post(gateway, max_tokens=50) == 200
        await until(lambda: gateway.events().count("call_settled") == calls)  # noqa: B023  it is awaited here
        lines = gateway.log.read_bytes()
        screen.child.stdin.write(lines[told:] + b"a line that is no JSON\n")
        screen.child.stdin.flush()
        told = len(lines)
        used = str(sum(gateway.upstream.served_tokens()))
        screen.shows(gateway.user, "1,000", used, "━", f"calls: complete {calls}")
    screen.child.stdin.close()
    screen.shows("complete 2")  # what there was stays on the terminal
    assert screen.close() == 0
