"""Is everything fit for a run? The checks behind `scripts/preflight.sh local`: PASS, WARN, FAIL lines, a fix with each.

Every check asks the thing itself (a query, an Access-Request, a GET); none changes anything.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal

import httpx
import psycopg

from devstack import control, envfile
from devstack.choices import Choices
from devstack.environments import AGENT_USER
from devstack.errors import Trouble
from devstack.services import process
from devstack.stack import Stack
from missing_table.migrate import pending

Verdict = Literal["PASS", "WARN", "FAIL"]
LEAST_DISK_MB, WISHED_DISK_MB = 500, 2000
MOST_CLOCK_DRIFT_S = 60
ANSWER_WITHIN_S = 5


@dataclass(frozen=True)
class Finding:
    """One line."""

    verdict: Verdict
    name: str
    detail: str
    fix: str = ""

    def lines(self) -> str:
        """As it is printed."""
        first = f"{self.verdict}  {self.name}: {self.detail}"
        return first if self.verdict == "PASS" or not self.fix else f"{first}\n      fix: {self.fix}"


START = "./mt up   (or scripts/preflight.sh local --fix)"


def examine(data: Path) -> list[Finding]:
    """All findings about the stack in a folder."""
    try:
        settings = envfile.read(os.environ)
    except Trouble as error:
        return [Finding("FAIL", "env file", str(error), "correct that line")]
    named = [str(file) for file in envfile.files() if file.exists()]
    findings = [Finding("PASS", "env file", ", ".join(named) or "none, defaults hold")]
    known = control.known_choices(data) or Choices()
    mode = settings.get("AGENT_BROWSER") or ("never" if known.embedded else "always")
    findings += [_disk(data), _browser(settings, mode)]
    seen = control.status(data, settings)
    if not seen["running"]:
        return [*findings, Finding("FAIL", "stack", f"nothing is running in {data}", START)]
    choices = Choices.model_validate(_state(data)["choices"])
    stack = Stack(data, choices, settings)
    findings.append(
        Finding("PASS", "stack", f"private instances in {data}" + (", EMBEDDED" if choices.embedded else ""))
    )
    findings += [_service(part) for part in seen["services"]]
    findings.append(_database(stack))
    if not choices.embedded:
        findings += [_access_request(stack), *_queue(stack)]
    findings += [_proxy(stack), _source(stack), _clock(stack)]
    return findings


def _state(data: Path) -> dict[str, Any]:
    state = control.read_state(data)
    if state is None:
        raise Trouble(f"the stack in {data} stopped while it was looked at")
    return state


def _disk(data: Path) -> Finding:
    there = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(there).free // 1_000_000
    detail = f"{free} MB free where {there} lies"
    fix = "make room: ./mt down --wipe forgets a stack's state"
    if free < LEAST_DISK_MB:
        return Finding("FAIL", "disk", detail, fix)
    return Finding("WARN" if free < WISHED_DISK_MB else "PASS", "disk", detail, fix)


def _browser(settings: Mapping[str, str], mode: str) -> Finding:
    """Asks Chromium for its version, unless runs do without it, as an embedded stack's do."""
    if mode == "never":
        return Finding("PASS", "browser", "none is needed, AGENT_BROWSER is never")
    program = settings.get("AGENT_CHROMIUM", "/usr/bin/chromium")
    fix = "apt-get install chromium, or set AGENT_CHROMIUM to a Chromium's path"
    try:
        asked = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("FAIL", "browser", f"{program} cannot be run ({error})", fix)
    if asked.returncode != 0:
        return Finding("FAIL", "browser", f"{program} --version ended with {asked.returncode}", fix)
    return Finding("PASS", "browser", asked.stdout.strip())


def _service(part: dict[str, Any]) -> Finding:
    name, state = part["name"], part["state"]
    if state in ("ready", "done") and part["answers"] is not False:
        restarted = f", restarted {part['restarts']} times" if part["restarts"] else ""
        return Finding("WARN" if restarted else "PASS", name, f"{state}{restarted}", f"./mt logs {name} says why")
    error = part["error"].splitlines()[0] if part["error"] else "no answer yet"
    return Finding("FAIL", name, f"{state}: {error}", f"./mt logs {name}, then {START}")


def _database(stack: Stack) -> Finding:
    try:
        missing = pending(stack.database_direct_url)
    except psycopg.Error as error:
        return Finding("FAIL", "database", f"{stack.database_shown}: {str(error).strip()}", START)
    if missing:
        return Finding(
            "FAIL", "database", f"{stack.database_shown} lacks {', '.join(missing)}", "missing-table migrate"
        )
    return Finding("PASS", "database", f"{stack.database_shown}, all migrations applied")


def _access_request(stack: Stack) -> Finding:
    """A real Access-Request as the agent's user, with radclient."""
    secret = process.write_private(stack.data / "freeradius" / "preflight.secret", stack.secrets.radius + "\n")
    request = (
        f'User-Name = "{AGENT_USER}"\nUser-Password = "{stack.secrets.agent_proxy_password}"\n'
        'NAS-Identifier = "preflight"\nNAS-IP-Address = 127.0.0.1\nMessage-Authenticator = 0x00\n'
    )
    address = f"127.0.0.1:{stack.ports['radius-auth']}"
    try:
        asked = subprocess.run(
            ["radclient", "-r", "1", "-t", str(ANSWER_WITHIN_S), "-S", str(secret), address, "auth"],
            input=request,
            capture_output=True,
            text=True,
            timeout=ANSWER_WITHIN_S * 3,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("FAIL", "Access-Request", f"radclient: {error}", "apt-get install freeradius-utils")
    finally:
        secret.unlink()
    said = (asked.stdout + asked.stderr).strip().splitlines()
    if "Access-Accept" in asked.stdout:
        return Finding("PASS", "Access-Request", f"FreeRADIUS accepts {AGENT_USER}")
    return Finding(
        "FAIL",
        "Access-Request",
        f"FreeRADIUS does not accept {AGENT_USER}: {said[-1] if said else 'no answer'}",
        "iron-claw usage shows whether the month's budget is spent; ./mt logs freeradius",
    )


def _queue(stack: Stack) -> list[Finding]:
    try:
        with stack.rabbitmq.management() as client:
            bindings = client.get("/api/exchanges/%2F/matches-fanout/bindings/source").raise_for_status().json()
            consumers = client.get("/api/consumers/%2F").raise_for_status().json()
            dead = client.get("/api/queues/%2F/matches.dead").raise_for_status().json()
    except httpx.HTTPError as error:
        return [
            Finding("FAIL", "exchange", f"RabbitMQ says {error}", "./mt down, then ./mt up loads the topology again")
        ]
    bound = any(binding["destination"] == "matches" for binding in bindings)
    consuming = sum(consumer["queue"]["name"] == "matches" for consumer in consumers)
    letters = int(dead.get("messages", 0))
    return [
        Finding(
            "PASS" if bound else "FAIL",
            "exchange",
            f"matches-fanout {'->' if bound else 'is NOT bound to'} matches",
            START,
        ),
        Finding("PASS" if consuming else "FAIL", "consumer", f"{consuming} on queue matches", "./mt logs worker"),
        Finding(
            "WARN" if letters else "PASS",
            "dead letters",
            f"{letters} in matches.dead",
            "missing-table --help lists how to look at them and replay them",
        ),
    ]


def _proxy(stack: Stack) -> Finding:
    address = f"http://127.0.0.1:{stack.ports['proxy']}/status"
    key = f"{AGENT_USER}.{stack.secrets.agent_proxy_password}"
    try:
        answer = httpx.get(address, headers={"x-api-key": key}, timeout=ANSWER_WITHIN_S, trust_env=False)
        budget = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        return Finding(
            "WARN", "budget", f"{address}: {error}", "a run goes on without a model; ./mt logs iron-claw-proxy"
        )
    monthly, used = budget.get("monthly_budget"), budget.get("monthly_used")
    spent = bool(monthly) and used is not None and used >= monthly
    detail = f"{used} of {monthly} tokens used this month" if monthly else "no monthly limit is known yet"
    return Finding(
        "WARN" if spent else "PASS", "budget", detail, "wait for the month's turn, or raise it: iron-claw users"
    )


def _source(stack: Stack) -> Finding:
    url = (
        "https://www.mlssoccer.com/"
        if stack.choices.live
        else f"https://127.0.0.1:{stack.ports['replica']}/__replica/health"
    )
    live = stack.choices.live  # the replica is on loopback: no proxy of the environment's leads there
    try:
        answer = httpx.get(url, timeout=15, verify=live, follow_redirects=True, trust_env=live)
    except httpx.TransportError as error:
        return Finding(
            "FAIL", "source", f"{url} does not answer ({error})", "./mt logs replica" if not stack.choices.live else ""
        )
    verdict: Verdict = "PASS" if answer.is_success else "FAIL"
    return Finding(verdict, "source", f"{url} answers {answer.status_code}", "./mt logs replica")


def _clock(stack: Stack) -> Finding:
    """This machine against the Date of the source, when that is not this machine too."""
    if not stack.choices.live:
        return Finding(
            "PASS",
            "clock",
            time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()) + " (nothing outside to hold it against)",
        )
    try:
        stamp = parsedate_to_datetime(httpx.head("https://www.mlssoccer.com/", timeout=15).headers["date"])
    except (httpx.TransportError, KeyError, ValueError) as error:
        return Finding("WARN", "clock", f"the source tells no time ({error})")
    drift = abs(time.time() - stamp.timestamp())
    return Finding(
        "PASS" if drift <= MOST_CLOCK_DRIFT_S else "WARN",
        "clock",
        f"{drift:.0f} s from the source's",
        "set the clock (NTP)",
    )


def summary(findings: list[Finding]) -> str:
    """The last line."""
    counts = {verdict: sum(finding.verdict == verdict for finding in findings) for verdict in ("PASS", "WARN", "FAIL")}
    return f"{counts['PASS']} passed, {counts['WARN']} warnings, {counts['FAIL']} failed"


def run(data: Path, fix: Callable[[], object] | None, write: Callable[[str], None]) -> list[Finding]:
    """Examines, prints, and with `fix` mends what failed and examines once more. The findings that hold at the end."""
    findings = examine(data)
    for finding in findings:
        write(finding.lines())
    if fix is not None and any(finding.verdict == "FAIL" for finding in findings):
        write(f"{summary(findings)}; starting what is down ...")
        fix()
        findings = examine(data)
        for finding in findings:
            write(finding.lines())
    write(summary(findings))
    return findings
