"""What each process of a stack is told: pure functions of its addresses, secrets, choices and settings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from devstack import places
from devstack.errors import BadSettings
from devstack.services import process
from devstack.stack import Stack

AGENT_USER = "agent"
SIGN_IN_API_KEY = "sb_publishable_stand-in"
"""The project's key, which every client of the sign-in sends: no secret, there as here."""
SOURCE_HOSTS = ("www.mlssoccer.com", "mls-assist.theintelligenceplatform.com")


def own(stack: Stack, *prefixes: str, **values: str) -> dict[str, str]:
    chosen = {key: value for key, value in stack.settings.items() if prefixes and key.startswith(prefixes)}
    return process.clean_environment(**{"PYTHONUNBUFFERED": "1", **values, **chosen})


def backend(stack: Stack) -> dict[str, str]:
    """Of backend, worker and `missing-table`'s other commands."""
    site = {"MT_SITE_DIR": str(places.FRONTEND / "dist")} if stack.choices.embedded else {}
    broker = {} if stack.choices.embedded else {"AMQP_URL": stack.rabbitmq.url()}
    return own(
        stack,
        "MT_",
        "SUPABASE_",
        DATABASE_URL=stack.database_url,
        DATABASE_DIRECT_URL=stack.database_direct_url,
        MT_ENV="local",
        MT_TODAY=stack.choices.today or "",
        MT_JWT_SECRET=stack.secrets.jwt,
        MT_RATE_PER_MINUTE="60000",  # everybody on this machine is one address
        **_sign_in(stack),
        MT_PUBLIC_URL=stack.web_url.rstrip("/"),
        **site,
        **broker,
    )


def _sign_in(stack: Stack) -> dict[str, str]:
    if not stack.own_sign_in:
        return {}
    return {"MT_AUTH_URL": stack.sign_in_url, "MT_AUTH_KEY": SIGN_IN_API_KEY}


def gateway(stack: Stack) -> dict[str, str]:
    """Of iron-claw-proxy and `iron-claw`'s other commands."""
    upstream = {
        "IRON_CLAW_UPSTREAM_URL": f"http://127.0.0.1:{stack.ports['anthropic']}",
        "IRON_CLAW_UPSTREAM_KEY": "scripted",
    }
    if stack.real_model:
        key = stack.settings.get("IRON_CLAW_UPSTREAM_KEY") or stack.settings["ANTHROPIC_API_KEY"]
        upstream = {"IRON_CLAW_UPSTREAM_URL": "https://api.anthropic.com", "IRON_CLAW_UPSTREAM_KEY": key}
    radius = {
        "IRON_CLAW_RADIUS_HOST": "127.0.0.1",
        "IRON_CLAW_RADIUS_AUTH_PORT": str(stack.ports["radius-auth"]),
        "IRON_CLAW_RADIUS_ACCT_PORT": str(stack.ports["radius-acct"]),
        "IRON_CLAW_RADIUS_SECRET": stack.secrets.radius,
        "IRON_CLAW_COA_PORT": str(stack.ports["proxy-coa"]),
        "IRON_CLAW_COA_SECRET": stack.secrets.radius_coa,
        "IRON_CLAW_NAS_IDENTIFIER": "iron-claw-local",
        "IRON_CLAW_NAS_IP": "127.0.0.1",
    }
    if stack.choices.embedded:
        radius = {}  # without a RADIUS host the proxy is bare: it counts and lets everybody through
    return own(
        stack,
        "IRON_CLAW_",
        IRON_CLAW_HOST="127.0.0.1",
        IRON_CLAW_PORT=str(stack.ports["proxy"]),
        IRON_CLAW_STATE_DIR=str(stack.home / "iron-claw"),
        IRON_CLAW_DATABASE_URL=stack.radius_database_url,
        **radius,
        **upstream,
    )


def agent(stack: Stack, environment: Mapping[str, str]) -> dict[str, str]:
    """Of one agent run. `environment` is what the person set now; it wins."""
    state = stack.agent_folder
    state.mkdir(parents=True, exist_ok=True)
    values = {
        "AGENT_API_URL": stack.api_url,
        "AGENT_API_KEY": stack.secrets.agent_api_key,
        "AGENT_PROXY_URL": f"http://127.0.0.1:{stack.ports['proxy']}",
        "AGENT_PROXY_KEY": f"{AGENT_USER}.{stack.secrets.agent_proxy_password}",
        "AGENT_STATE_DIR": str(state),
        "AGENT_TODAY": stack.choices.today or "",
    }
    if stack.choices.embedded:
        values["AGENT_BROWSER"] = "never"
    else:
        values["AMQP_URL"] = stack.settings.get("AMQP_URL") or stack.rabbitmq.url()
    if not stack.choices.live:
        here = f"127.0.0.1:{stack.ports['replica']}"
        values["AGENT_SOURCE_RESOLVE"] = ",".join(f"{host}={here}" for host in SOURCE_HOSTS)
        values["AGENT_SOURCE_CA"] = str(stack.data / "replica" / "cert.pem")
    chosen = {key: value for key, value in environment.items() if key.startswith("AGENT_")}
    terminal = {key: environment[key] for key in ("TERM", "COLUMNS", "NO_COLOR") if key in environment}
    return process.clean_environment(**{"PYTHONUNBUFFERED": "1", **values, **terminal, **chosen})


def psql(stack: Stack) -> dict[str, str]:
    known = conninfo_to_dict(stack.database_direct_url)
    names = {"host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD"}
    return own(stack, **{names[key]: str(value) for key, value in known.items() if key in names})


def command(
    stack: Stack, program: str, arguments: Sequence[str], environment: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """A program and its environment, for a person who looks inside; BadSettings for a program that is not ours."""
    environments: dict[str, Callable[[], dict[str, str]]] = {
        "match-scraper-agent": partial(agent, stack, environment),
        "match-scraper": partial(agent, stack, environment),
        "missing-table": partial(backend, stack),
        "iron-claw": partial(gateway, stack),
        "psql": partial(psql, stack),
    }
    if program not in environments:
        raise BadSettings(f"./mt exec {program}: there are {', '.join(environments)}.")
    terminal = {key: environment[key] for key in ("TERM", "COLUMNS", "NO_COLOR", "PAGER") if key in environment}
    first = program if program == "psql" else program_path(program)
    return [first, *arguments], {**environments[program](), **terminal}


def program_path(name: str) -> str:
    """One of our packages' commands, in the environment that we run in."""
    return str(Path(sys.executable).parent / name)
