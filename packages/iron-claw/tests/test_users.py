"""`iron-claw users`: what RADIUS cannot carry is refused where a person types it, and nothing of it is kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.testing.radius import Radius

PROGRAM = str(Path(sys.executable).parent / "iron-claw")
SECRET = "a-long-enough-secret"
REFUSED = {
    "a number with letters": (("--token-budget", "200k"), 2, "valid integer"),
    "a negative number": (("--monthly-budget", "-1"), 2, "--monthly-budget"),
    "an empty number": (("--max-calls", ""), 2, "--max-calls"),
    "more than 32 bits": (("--token-budget", "5000000000"), 2, "4294967295"),
    "more than 64 bits": (("--monthly-cost-budget", "9223372036854775808"), 2, "9223372036854775807"),
    "an interim under a minute": (("--interim", "5"), 2, "60"),
    "a model name too long": (("--models", "m" * 248), 1, "247"),
    "too many models": (("--models", ",".join(f"{number:03}-{'m' * 200}" for number in range(13))), 1, "12 fit"),
    "no model": (("--models", " , "), 1, "names none"),
    "a time that is over": (("--token-budget", "5", "--until", "2020-01-01"), 2, "a time to come"),
    "nothing until then": (("--until", "2099-01-01"), 2, "the limits that hold until then"),
    "a limit taken away for a time": (("--no", "token-budget", "--until", "2099-01-01"), 1, "cannot be taken away"),
}


def claw(radius: Radius, *arguments: str, secret: str = "") -> subprocess.CompletedProcess[str]:
    env = {**radius.server.environment(), "IRON_CLAW_DATABASE_URL": radius.dsn, "COLUMNS": "200"}
    if secret:
        env["IRON_CLAW_NEW_SECRET"] = secret
    return subprocess.run([PROGRAM, *arguments], env=env, capture_output=True, text=True, check=False)


def test_what_radius_cannot_carry_is_refused_and_nothing_of_it_is_kept(radius: Radius) -> None:
    assert claw(radius, "users", "add", "ann", "--token-budget", "100", secret=SECRET).returncode == 0
    before = radius.rows("select * from radreply union all select * from radcheck order by id")
    for why, (options, code, said) in REFUSED.items():
        done = claw(radius, "users", "set", "ann", *options)
        assert (done.returncode, said in done.stderr) == (code, True), (why, done.stderr)
    assert radius.rows("select * from radreply union all select * from radcheck order by id") == before


@pytest.mark.parametrize("secret", ["s" * 129, "ü" * 65, "short"])
def test_a_secret_that_no_password_can_hold_leaves_the_old_one(radius: Radius, secret: str) -> None:
    assert claw(radius, "users", "add", "ann", secret=SECRET).returncode == 0
    done = claw(radius, "users", "add", "ann", "--exist-ok", secret=secret)
    assert (done.returncode, "the secret has" in done.stderr) == (1, True)
    asked = {"User-Name": "ann", "User-Password": SECRET, "Message-Authenticator": "0x00"}
    assert "Received Access-Accept" in radius.radclient("auth", asked)


def test_the_longest_secret_and_the_largest_numbers_travel_whole(radius: Radius) -> None:
    longest = "s" * 128
    options = ("--token-budget", "4294967295", "--cost-budget", "9223372036854775807", "--idle-timeout", "0")
    assert claw(radius, "users", "add", "ann", *options, secret=longest).returncode == 0
    asked = {"User-Name": "ann", "User-Password": longest, "Message-Authenticator": "0x00"}
    seen = radius.radclient("auth", asked)
    assert "MT-Token-Budget = 4294967295" in seen
    assert "MT-Cost-Budget = 9223372036854775807" in seen
    assert "Idle-Timeout = 0" in seen


def test_a_raise_is_shown_with_its_end(radius: Radius) -> None:
    assert claw(radius, "users", "add", "ann", "--token-budget", "100", secret=SECRET).returncode == 0
    done = claw(radius, "users", "set", "ann", "--token-budget", "900", "--until", "2099-01-01T12:00Z")
    assert (done.returncode, done.stdout) == (0, "ann is set until 2099-01-01T12:00:00Z\n")
    (shown,) = json.loads(claw(radius, "users", "list", "--json").stdout)
    assert (shown["token_budget"], shown["until"]) == (900, "2099-01-01T12:00:00Z")
    assert claw(radius, "users", "set", "ann", "--token-budget", "200").returncode == 0
    (shown,) = json.loads(claw(radius, "users", "list", "--json").stdout)
    assert (shown["token_budget"], shown["until"]) == (200, None)
