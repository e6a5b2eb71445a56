"""`./mt bench proxy`: what the gateway adds to a call, beside a bare pass-through and LiteLLM's proxy, in one run.

Four ways to one canned upstream: direct; a bare ASGI pass-through; iron-claw with metering, reservation and journal on,
behind a real FreeRADIUS and PostgreSQL; LiteLLM in an environment of its own (left out, with a message, where it cannot
be installed). Each is measured from the client at 1 and at 32 connections, plain and streamed (25 events), in turns, so
that what else the machine does falls on all of them. "Added" is a median less the direct one's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
from listing import show
from rich.console import Console

from devstack.services import process
from devstack.services.freeradius import FreeRadius
from devstack.services.postgres import Postgres, create_database, find_binaries
from devstack.services.process import Launch, Service
from devstack.setup import uv
from iron_claw import users
from missing_table.migrate import migrate

HERE = Path(__file__).resolve().parent
ROUNDS = 3
CALLS = {1: 150, 32: 1500}
WARM_UP = 50
SLOW = 15
"""LiteLLM gets so many times fewer calls: it would take most of the bench's time."""
BODY = {"model": "claude-sonnet-4-6", "max_tokens": 400, "messages": [{"role": "user", "content": "Who leads? " * 20}]}
LITELLM_HOME = Path(os.environ.get("MT_BENCH_LITELLM", Path.home() / ".cache" / "missing-table" / "litellm"))
MODES = [(1, False), (1, True), (32, False), (32, True)]


@dataclass
class Way:
    """One way to the upstream and its latencies, in seconds, by mode."""

    name: str
    url: str
    key: str
    pid: int | None = None
    latencies: dict[tuple[int, bool], list[float]] = field(default_factory=dict)
    rates: dict[tuple[int, bool], list[float]] = field(default_factory=dict)

    def median(self, mode: tuple[int, bool]) -> float:
        """Milliseconds."""
        return statistics.median(self.latencies[mode]) * 1000

    def p99(self, mode: tuple[int, bool]) -> float:
        """Milliseconds."""
        return statistics.quantiles(self.latencies[mode], n=100)[98] * 1000

    def rate(self, mode: tuple[int, bool]) -> float:
        """Calls a second, the best round."""
        return max(self.rates[mode])


@contextmanager
def running(service: Service, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server for the length of the block."""
    launch = service.launch()
    child = process.spawn(launch, folder / f"{service.name}.log")
    try:
        process.wait_ready(service, child, folder / f"{service.name}.log")
        yield child
    finally:
        process.stop(child, launch)


def python_service(name: str, folder: Path, port: int, argv: list[str], env: dict[str, str]) -> Service:
    """A server of ours."""
    return Service(
        name=name,
        launch=lambda: Launch(argv=tuple(argv), env=process.clean_environment(**env), cwd=folder, stop_within_s=25),
        ready=lambda: process.connects(port),
        ready_within_s=90,
    )


def uvicorn_service(name: str, folder: Path, port: int, app: str, **env: str) -> Service:
    """One of proxy_parts' applications, started as the gateway starts its own."""
    argv = [sys.executable, "-m", "uvicorn", f"proxy_parts:{app}", "--app-dir", str(HERE), "--port", str(port)]
    argv += ["--log-level", "warning", "--no-access-log", "--no-server-header", "--no-date-header", "--lifespan", "off"]
    return python_service(name, folder, port, argv, env)


def radius_behind(folder: Path, stack: ExitStack) -> tuple[FreeRadius, Postgres]:
    """A private PostgreSQL with our schema and a private FreeRADIUS over it."""
    binaries = find_binaries()
    if binaries is None:
        raise SystemExit("PostgreSQL's programs are not installed: run ./mt up once")
    server = Postgres(folder / "pg", process.free_port(), binaries, durable=False, account=process.account("postgres"))
    stack.enter_context(running(server.service(), folder))
    create_database(server, "bench")
    migrate(server.dsn("bench"))
    radius = FreeRadius(
        folder=folder / "radius",
        auth_port=process.free_port(),
        acct_port=process.free_port(),
        coa_port=process.free_port(),
        nas_coa_port=process.free_port(),
        secret=secrets.token_hex(16),
        coa_secret=secrets.token_hex(16),
        database_port=server.port,
        database_name="bench",
        account=process.account("freerad"),
    )
    stack.enter_context(running(radius.service(), folder))
    return radius, server


def iron_claw(folder: Path, upstream: str, stack: ExitStack) -> Way:
    """The gateway with all that it has."""
    radius, server = radius_behind(folder, stack)
    secret = secrets.token_hex(16)
    with psycopg.connect(server.dsn("bench")) as connection:
        users.put(connection, "bench", secret=secret, grant={"token_budget": 2**32 - 1})
    port = process.free_port()
    env = {
        "IRON_CLAW_PORT": str(port),
        "IRON_CLAW_LOG_LEVEL": "info",
        "IRON_CLAW_UPSTREAM_URL": upstream,
        "IRON_CLAW_UPSTREAM_KEY": "k",
        "IRON_CLAW_RADIUS_HOST": "127.0.0.1",
        "IRON_CLAW_RADIUS_AUTH_PORT": str(radius.auth_port),
        "IRON_CLAW_RADIUS_ACCT_PORT": str(radius.acct_port),
        "IRON_CLAW_RADIUS_SECRET": radius.secret,
        "IRON_CLAW_COA_PORT": str(radius.nas_coa_port),
        "IRON_CLAW_COA_SECRET": radius.coa_secret,
        "IRON_CLAW_STATE_DIR": str(folder / "state"),
        "IRON_CLAW_DATABASE_URL": server.dsn("bench", "radius"),
    }
    program = str(Path(sys.executable).parent / "iron-claw")
    child = stack.enter_context(running(python_service("iron-claw", folder, port, [program, "proxy"], env), folder))
    return Way("iron-claw", f"http://127.0.0.1:{port}", f"bench.{secret}", child.pid)


def litellm(folder: Path, upstream: str, stack: ExitStack, say: Console) -> Way | None:
    """LiteLLM's proxy in an environment of its own; None, and a message, where it cannot be had."""
    program = LITELLM_HOME / "bin" / "litellm"
    if not program.exists():
        try:
            with say.status("installing LiteLLM into an environment of its own"):
                make = [*uv(), "venv", "-q", "--clear", "--python", sys.executable, LITELLM_HOME]
                install = [*uv(), "pip", "install", "-q", "-p", LITELLM_HOME / "bin" / "python", "litellm[proxy]"]
                for argv in (make, install):
                    subprocess.run(argv, check=True, timeout=300)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            say.print(f"LiteLLM is left out: it cannot be installed ({error})", markup=False)
            return None
    port = process.free_port()
    (folder / "litellm.yaml").write_text(
        json.dumps(
            {
                "model_list": [
                    {
                        "model_name": BODY["model"],
                        "litellm_params": {"model": f"anthropic/{BODY['model']}", "api_base": upstream, "api_key": "k"},
                    }
                ],
                "general_settings": {"master_key": "sk-bench"},
            }
        )
    )
    argv = [str(program), "--config", str(folder / "litellm.yaml"), "--port", str(port), "--host", "127.0.0.1"]
    env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "HOME": str(folder)}
    try:
        with say.status("starting LiteLLM"):
            child = stack.enter_context(running(python_service("litellm", folder, port, argv, env), folder))
    except process.StartFailed as error:
        say.print(f"LiteLLM is left out: it does not start ({error})", markup=False)
        return None
    return Way("litellm", f"http://127.0.0.1:{port}", "sk-bench", child.pid)


async def load(way: Way, mode: tuple[int, bool], calls: int) -> tuple[list[float], float]:
    """(latencies, calls a second) of so many calls. SystemExit when one fails."""
    connections, stream = mode
    body = json.dumps({**BODY, "stream": stream}).encode()
    headers = {"content-type": "application/json", "x-api-key": way.key, "anthropic-version": "2023-06-01"}
    latencies: list[float] = []
    left = iter(range(calls))

    async def worker(session: aiohttp.ClientSession) -> None:
        for _ in left:
            began = time.perf_counter()
            async with session.post(f"{way.url}/v1/messages", data=body, headers=headers) as answer:
                data = await answer.read()
            latencies.append(time.perf_counter() - began)
            if answer.status != 200 or (stream and b"message_stop" not in data):
                raise SystemExit(f"{way.name} answered {answer.status}: {data[:300]!r}")

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:
        began = time.perf_counter()
        await asyncio.gather(*(worker(session) for _ in range(connections)))
        return latencies, calls / (time.perf_counter() - began)


async def measure(ways: list[Way], say: Console) -> None:
    """All ways in all modes, in turns."""
    for way in ways:
        for mode in MODES:
            await load(way, mode, WARM_UP // (SLOW // 3 if way.name == "litellm" else 1))
    for number in range(ROUNDS):
        for mode in MODES:
            for way in ways:
                calls = CALLS[mode[0]] // (SLOW if way.name == "litellm" else 1)
                latencies, rate = await load(way, mode, calls)
                way.latencies.setdefault(mode, []).extend(latencies)
                way.rates.setdefault(mode, []).append(rate)
        say.print(f"round {number + 1} of {ROUNDS}")


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def row(name: str, value: float, unit: str, peer: str | None = None, peer_value: float | None = None) -> dict[str, Any]:
    """One line of the result; the ratio is value to peer."""
    ratio = round(value / peer_value, 3) if peer_value else None
    shown = None if peer_value is None else round(peer_value, 3)
    return {"name": name, "value": round(value, 3), "unit": unit, "peer": peer, "peer_value": shown, "ratio": ratio}


READINGS = (("median", "ms", Way.median), ("p99", "ms", Way.p99), ("rate", "calls/s", Way.rate))


def results(direct: Way, bare: Way, ours: Way, other: Way | None) -> list[dict[str, Any]]:
    """The names that stay come first: the median at 1 connection and the rate at 32, streamed, and beside the bare one
    plain (`plain_…`) too."""
    peers = [("", True, "bare", "bare ASGI pass-through", bare), ("plain_", False, "bare", "the same, plain", bare)]
    if other:
        peers.append(("", True, "litellm", "LiteLLM proxy", other))
    rows = []
    for kind, stream, short, long, peer in peers:
        one, many = (1, stream), (32, stream)
        base = direct.median(one)
        added, theirs = ours.median(one) - base, peer.median(one) - base
        rows.append(row(f"{kind}added_median_vs_{short}", added, "ms", long, theirs))
        rows.append(row(f"{kind}throughput_vs_{short}", ours.rate(many), "calls/s", long, peer.rate(many)))
    rows.append(row("memory_mb", memory_mb(ours.pid or 0), "MB"))
    for mode in MODES:
        label = f"{'streamed' if mode[1] else 'plain'}_{mode[0]}"
        for way in [direct, bare, ours, *([other] if other else [])]:
            name = way.name.replace("-", "_")
            reference = None if way is direct else direct
            for what, unit, read in (
                ("median", "ms", Way.median),
                ("p99", "ms", Way.p99),
                ("rate", "calls/s", Way.rate),
            ):
                peer_value = read(reference, mode) if reference else None
                rows.append(row(f"{what}_{label}_{name}", read(way, mode), unit, reference and "direct", peer_value))
    return rows


def run(say: Console | None = None) -> list[dict[str, Any]]:
    """Starts what it needs on free ports, measures, stops it all."""
    say = say or Console(stderr=True)
    folder = Path(tempfile.mkdtemp(prefix="mt-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        with ExitStack() as stack:
            port = process.free_port()
            stack.enter_context(running(uvicorn_service("upstream", folder, port, "upstream"), folder))
            direct = Way("direct", f"http://127.0.0.1:{port}", "k")
            port = process.free_port()
            bare_service = uvicorn_service("bare", folder, port, "bare", BENCH_UPSTREAM=direct.url)
            stack.enter_context(running(bare_service, folder))
            bare = Way("bare", f"http://127.0.0.1:{port}", "k")
            ours = iron_claw(folder, direct.url, stack)
            other = litellm(folder, direct.url, stack, say)
            asyncio.run(measure([way for way in (direct, bare, ours, other) if way], say))
            return results(direct, bare, ours, other)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Measure and print the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the list alone, as JSON")
    show(run, as_json=parser.parse_args().json)


if __name__ == "__main__":
    main()
