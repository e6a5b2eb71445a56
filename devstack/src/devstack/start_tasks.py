"""What is done once at every start of a stack: schema, keys, accounts."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from devstack import environments
from devstack.environments import AGENT_USER, program_path
from devstack.services import process
from devstack.services.process import StartFailed
from devstack.sign_in.people import id_of
from devstack.stack import Stack

AGENT_GRANT = ("--token-budget", "500000", "--monthly-budget", "20000000", "--max-calls", "200")
"""One run's tokens and calls, and a month's: some ten times what a daily run takes."""
ADMIN_EMAIL = "admin@missing-table.example"
"""Who may sign in from the start; the password is in DATA/secrets.json."""


@dataclass(frozen=True)
class Task:
    """Something that is done once at every start of a stack, after others are ready and before others begin."""

    name: str
    run: Callable[[Path], None]
    """Gets the log to write to; StartFailed when it does not succeed."""
    after: tuple[str, ...] = ()
    note: str = ""


def migrate(stack: Stack, log: Path) -> None:
    run_logged((program_path("missing-table"), "migrate"), environments.backend(stack), log)
    if not stack.gives_passwords:
        return
    with psycopg.connect(stack.database_direct_url, autocommit=True, prepare_threshold=None) as connection:
        there = connection.execute("select 1 from pg_roles where rolname = 'radius'").fetchone()
        if there:
            password = sql.Literal(stack.secrets.postgres_radius)
            connection.execute(sql.SQL("alter role radius with login password {}").format(password))


def agent_key(stack: Stack, log: Path) -> None:
    run_logged(
        (program_path("missing-table"), "keys", "add", "agent", "--scope", "agent"),
        {**environments.backend(stack), "MT_NEW_KEY": stack.secrets.agent_api_key},
        log,
    )


def admin(stack: Stack, log: Path) -> None:
    """Makes the stack's own account an admin at the first start; afterwards an admin decides."""
    account = id_of(ADMIN_EMAIL)
    with psycopg.connect(stack.database_direct_url, prepare_threshold=None) as connection:
        known = connection.execute("select 1 from accounts where id = %s", [account]).fetchone()
    if known is None:
        grant = (program_path("missing-table"), "grant", account, "--role", "admin")
        run_logged(grant, environments.backend(stack), log)


def agent_user(stack: Stack, log: Path) -> None:
    """Makes the agent's RADIUS user; one that is there keeps the limits that somebody gave it."""
    mark = stack.home / "agent-user.stamp"
    stamp = hashlib.sha256(f"{stack.database_direct_url} {stack.secrets.agent_proxy_password}".encode()).hexdigest()
    with psycopg.connect(stack.database_direct_url, prepare_threshold=None) as connection:
        query = "select 1 from radcheck where username = %s limit 1"
        known = connection.execute(query, [AGENT_USER]).fetchone() is not None
    if known and mark.exists() and mark.read_text() == stamp:
        return
    run_logged(
        (program_path("iron-claw"), "users", "add", AGENT_USER, "--exist-ok", *AGENT_GRANT),
        {**environments.gateway(stack), "IRON_CLAW_NEW_SECRET": stack.secrets.agent_proxy_password},
        log,
    )
    mark.write_text(stamp)


def run_logged(argv: tuple[str, ...], env: Mapping[str, str], log: Path, timeout_s: float = 120) -> None:
    """Runs a command to its end, output into the log; StartFailed when it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("ab") as output:
            done = subprocess.run(
                argv,
                env=dict(env),
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise StartFailed(
            f"{Path(argv[0]).name} {argv[1]} took longer than {timeout_s:.0f} s; its log is {log}"
        ) from error
    if done.returncode != 0:
        raise StartFailed(
            f"`{Path(argv[0]).name} {' '.join(argv[1:])}` ended with {done.returncode}; its log is {log}\n"
            + process.last_lines(log)
        )
