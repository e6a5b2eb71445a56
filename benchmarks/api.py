"""`./mt bench api`: how fast the API answers with a whole generated season in the database.

Starts its own PostgreSQL and backends on free ports, and a bare Starlette route that returns the same bytes as the
peer in the same run. One backend keeps answers as in production; the other's listener hears nothing, so that it trusts
no kept answer and each request asks the database (the `…_uncached_…` figures). Prints a list of measurements; `run()`
returns it. Numbers are the client's: raw HTTP/1.1, keep-alive.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import permutations
from pathlib import Path
from random import Random
from time import perf_counter, sleep
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import uvicorn
from listing import show
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from devstack.load import load
from devstack.replica.season import generate
from devstack.services import process
from devstack.services.postgres import Postgres, create_database, find_binaries
from missing_table.forecasts.make import make_due
from missing_table.migrate import migrate

SEED, TODAY = 1, "2026-11-20"
WIDE, WIDE_PLAYED = 22, 0.6
"""The generated season's largest bracket has 19 teams; one of 22, home and away against each, is put beside it, with
this share of its 462 matches played."""
CONNECTIONS = (1, 16, 64)
WARM_REQUESTS = 6000
COLD_REQUESTS = 400
ROUTE_REQUESTS = 320
ROUNDS = 3
AGES = (13, 14, 15, 16, 17, 19)
EVERYWHERE = ("matches", "search", "team")
"""Kept, measured at every number of connections; all else at 16."""
NEVER_KEPT = ("what_if",)
Line = dict[str, Any]
Asked = str | tuple[str, dict[str, Any]]
"""What is asked: an address, or one with the JSON that is posted to it."""


def line(name: str, value: float, unit: str, peer: str | None = None, peer_value: float | None = None) -> Line:
    """One entry of the list; the ratio follows from value and peer's value."""
    ratio = round(value / peer_value, 3) if peer_value else None
    shown = None if peer_value is None else round(peer_value, 3)
    return {"name": name, "value": round(value, 3), "unit": unit, "peer": peer, "peer_value": shown, "ratio": ratio}


class Connection:
    """One keep-alive connection; reads an answer by its Content-Length."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def get(self, asked: Asked, headers: str = "") -> tuple[int, dict[str, str], bytes]:
        """Status, headers by small letters, body."""
        method, path, sent = "GET", asked, b""
        if not isinstance(asked, str):
            method, path, sent = "POST", asked[0], json.dumps(asked[1]).encode()
            headers += f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n"
        self.writer.write(f"{method} {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n".encode() + sent)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *rest = head.split("\r\n")
        fields = {name.lower(): value for name, _, value in (entry.partition(": ") for entry in rest if entry)}
        body = await self.reader.readexactly(int(fields.get("content-length", 0)))
        return int(first.split(" ", 2)[1]), fields, body


async def timed(
    port: int, paths: Sequence[Asked], connections: int, status: int = 200, headers: str = ""
) -> list[float]:
    """Milliseconds of each request; the paths are shared out over the connections. Ends the bench on another status."""
    queue = iter(paths)
    took: list[float] = []

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        connection = Connection(reader, writer)
        for path in queue:
            since = perf_counter()
            answered, _, _ = await connection.get(path, headers)
            took.append((perf_counter() - since) * 1000)
            if answered != status:
                raise SystemExit(f"bench api measured nothing: {path} answered {answered}, not {status}")
        writer.close()

    await asyncio.gather(*(work() for _ in range(connections)))
    return took


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def rate(port: int, path: str, connections: int, requests: int) -> float:
    """Requests a second."""
    since = perf_counter()
    await timed(port, [path] * requests, connections)
    return requests / (perf_counter() - since)


def serve_bare(port: int, body: bytes) -> None:
    """The peer: a bare Starlette route with these bytes, under the same server with the same settings."""

    async def route(_: Request) -> Response:
        return Response(body, media_type="application/json")

    app = Starlette(routes=[Route("/api/brackets/{bracket_id}/table", route)])
    uvicorn.run(app, port=port, log_config=None, access_log=False, server_header=False)


@contextmanager
def started(arguments: list[str], port: int, log: Path, **environment: str) -> Iterator[int]:
    """A server of this interpreter until the block ends."""
    with log.open("wb") as out:
        child = subprocess.Popen(  # noqa: S603  this interpreter
            [sys.executable, *arguments], env={**os.environ, **environment}, stdout=out, stderr=out
        )
        try:
            _answers(port, child, log)
            yield port
        finally:
            child.terminate()
            child.wait(20)


def _answers(port: int, child: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = perf_counter() + 60
    while perf_counter() < deadline:
        if child.poll() is not None:
            raise SystemExit(f"bench api could not start its server: {log.read_text()[-500:]}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.05)
    raise SystemExit(f"bench api: nothing listens on port {port} after 60 s")


@contextmanager
def season_database(folder: Path) -> Iterator[str]:
    """The address of a database with the whole season."""
    binaries = find_binaries()
    if binaries is None:
        raise SystemExit("bench api needs PostgreSQL: ./mt run sets it up, or apt-get install postgresql")
    server = Postgres(folder / "pg", process.free_port(), binaries, durable=False, account=process.account("postgres"))
    service = server.service()
    launch, log = service.launch(), folder / "postgres.log"
    child = process.spawn(launch, log)
    try:
        process.wait_ready(service, child, log)
        create_database(server, "bench")
        migrate(server.dsn("bench"))
        load(server.dsn("bench"), generate(SEED, TODAY, "full"))
        with psycopg.connect(server.dsn("bench"), autocommit=True) as connection:
            add_wide_bracket(connection)
            connection.execute("vacuum analyze")  # as autovacuum leaves a database that has been up for a while
        for _ in make_due(server.dsn("bench"), datetime.fromisoformat(f"{TODAY}T12:00:00Z")):
            pass
        yield server.dsn("bench")
    finally:
        process.stop(child, launch)


def add_wide_bracket(connection: "psycopg.Connection[Any]") -> None:
    """A bracket of 22 teams of the season's U15, with matches and results of its own."""
    bracket, season, league, age_group = connection.execute(
        "insert into brackets (source, season_id, external_id, league_id, division_id, age_group_id, observed_at,"
        " synced_at) select b.source, b.season_id, 'wide', b.league_id, b.division_id, b.age_group_id, b.observed_at,"
        " b.synced_at from brackets b join age_groups a on a.id = b.age_group_id join leagues l on l.id = b.league_id"
        " where a.name = 'U15' and l.name = 'Homegrown' order by b.id limit 1"
        " returning id, season_id, league_id, age_group_id"
    ).fetchone() or (0, 0, 0, 0)
    teams = [row[0] for row in connection.execute("select id from teams order by id limit %s", [WIDE])]
    random = Random(SEED)  # noqa: S311  a bench's results
    pairs = list(permutations(teams, 2))
    random.shuffle(pairs)
    connection.cursor().executemany(
        "insert into bracket_teams (bracket_id, team_id, observed_at) values (%s, %s, now())",
        [(bracket, team) for team in teams],
    )
    rows = []
    for number, (home, away) in enumerate(pairs):
        played = number < WIDE_PLAYED * len(pairs)
        score = (random.randint(0, 4), random.randint(0, 3)) if played else (None, None)
        day = -80 + number // 6 if played else 1 + number // 6
        rows.append((season, f"wide-{number}", league, age_group, home, away, TODAY, day, played, *score, bracket))
    connection.cursor().executemany(
        "with made as (insert into matches (source, season_id, external_id, league_id, age_group_id, home_team_id,"
        " away_team_id, timezone, local_date, time_set, status, home_score, away_score, observed_at, content_hash)"
        " values ('assist', %s, %s, %s, %s, %s, %s, 'America/New_York', %s::date + %s::integer, false,"
        " case when %s then 'completed' else 'scheduled' end, %s, %s, now(), 'x') returning id)"
        " insert into match_brackets (match_id, bracket_id, home, away) select id, %s, true, true from made",
        rows,
    )


async def _measure(port: int, uncached_port: int, bare: Any) -> list[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    api = Connection(reader, writer)
    _, _, body = await api.get("/api/brackets?season=2026-27")
    brackets = json.loads(body)["items"]
    wide = min(brackets, key=lambda b: (abs(b["teams"] - 22), -b["played"]))
    table = f"/api/brackets/{wide['id']}/table"
    _, fields, same = await api.get(table)
    routes = await _routes(api, brackets, wide)
    writer.close()
    lines: list[Line] = []
    with bare(same) as bare_port:
        await timed(port, [table] * 200, 16)
        await timed(bare_port, [table] * 200, 16)
        ours, theirs = 0.0, 0.0
        for _ in range(ROUNDS):
            ours = max(ours, await rate(port, table, 16, WARM_REQUESTS // ROUNDS))
            theirs = max(theirs, await rate(bare_port, table, 16, WARM_REQUESTS // ROUNDS))
    lines.append(line("warm_table_throughput_vs_bare", ours, "requests/s", "bare Starlette route", theirs))
    sent = f"If-None-Match: {fields['etag']}\r\n"
    for connections in CONNECTIONS:
        lines += _spread("warm_table", f"_at_{connections}", await timed(port, [table] * 1500, connections))
        took = await timed(port, [table] * 1500, connections, 304, sent)
        lines += _spread("not_modified_table", f"_at_{connections}", took)
    lines += await _cold(port, table)
    worst = {"kept": 0.0, "uncached": 0.0}
    for name, paths in routes.items():
        for how, at_port in (("kept", port), ("uncached", uncached_port)):
            if how == "kept" and name in NEVER_KEPT:
                continue
            await timed(at_port, paths if how == "kept" else paths[:16], 4)
            for connections in CONNECTIONS if name in EVERYWHERE and how == "kept" else (16,):
                took = await timed(at_port, (paths * ROUTE_REQUESTS)[:ROUTE_REQUESTS], connections)
                lines += _spread(f"{name}_{how}", "" if connections == 16 else f"_at_{connections}", took)
                if connections == 16:
                    worst[how] = max(worst[how], percentile(took, 0.99))
    lines.append(line("worst_kept_route_p99_ms", worst["kept"], "ms"))
    lines.append(line("worst_route_p99_ms", worst["uncached"], "ms"))
    return lines


def _spread(name: str, at: str, took: list[float]) -> list[Line]:
    return [line(f"{name}_p{share}_ms{at}", percentile(took, share / 100), "ms") for share in (50, 99)]


async def _cold(port: int, table: str) -> list[Line]:
    """Each request asks for another date of the same table, which nobody asked for before: nothing is kept."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    api = Connection(reader, writer)
    took: list[float] = []
    for number in range(COLD_REQUESTS):
        since = perf_counter()
        status, _, _ = await api.get(
            f"{table}?as_of=20{30 + number // 300}-{1 + number % 12:02d}-{1 + number % 300 // 12:02d}"
        )
        took.append((perf_counter() - since) * 1000)
        if status != 200:
            raise SystemExit(f"bench api measured nothing: a cold table answered {status}")
    writer.close()
    return _spread("cold_table", "", took)


_NAMES = [
    f"{word}{end}"
    for word in ("united", "harbr", "academy", "north", "fc", "rivr", "sporting")
    for end in ("", "%20a", "s")
]
"""Whole words, typos, two words."""


async def _routes(api: Connection, brackets: list[dict[str, Any]], wide: dict[str, Any]) -> dict[str, Sequence[Asked]]:
    """What is asked of each route: many addresses, of every bracket or of every team and match of the widest."""
    _, _, body = await api.get(f"/api/brackets/{wide['id']}/table")
    found = [row["team"] for row in json.loads(body)["rows"]]
    teams = [team["id"] for team in found]
    clubs = sorted({team["club_id"] for team in found if team["club_id"]})
    _, _, body = await api.get(f"/api/brackets/{wide['id']}/matches")
    items = json.loads(body)["items"]
    matches = [match["id"] for match in items]
    ahead = [match["id"] for match in items if match["status"] == "scheduled"]
    names = [quote(part) for team in found for part in (team["name"], team["name"][:5], team["name"].split()[0][:-1])]
    of_season = "/api/matches?season=2026-27&limit=100"
    return {
        "brackets": ["/api/brackets?season=2026-27", *(f"/api/brackets?age_group=U{age}" for age in AGES)],
        "bracket_matches": [f"/api/brackets/{b['id']}/matches" for b in brackets],
        "matches": [
            *(f"{of_season}&age_group=U{age}" for age in AGES),
            *(f"{of_season}&team={team}" for team in teams),
            *(f"{of_season}&from=2026-10-{day:02d}&to=2026-11-{day:02d}" for day in range(1, 29)),
            *(f"{of_season}&q={name}" for name in names),
        ],
        "matches_csv": [f"{of_season}&age_group=U{age}&format=csv" for age in AGES],
        "table_csv": [f"/api/brackets/{b['id']}/table?format=csv" for b in brackets],
        "search": [f"/api/search?q={q}" for q in (*_NAMES, *names)],
        "team": [f"/api/teams/{team}" for team in teams],
        "club": [f"/api/clubs/{club}" for club in clubs],
        "match": [f"/api/matches/{match}" for match in matches],
        "history": [f"/api/brackets/{b['id']}/history" for b in brackets],
        "grid": [f"/api/brackets/{b['id']}/grid" for b in brackets],
        "outlook": [f"/api/brackets/{b['id']}/outlook" for b in brackets],
        "chances": [f"/api/brackets/{b['id']}/chances" for b in brackets],
        "match_chances": [f"/api/matches/{match}/chances" for match in matches],
        "insights": ["/api/insights?season=2026-27"],
        "score": ["/api/forecasts/score?season=2026-27"],
        "calendar": [f"/api/teams/{team}/calendar.ics?season=2026-27" for team in teams],
        "page_body": [f"/api/pages/body?path={b['path']}" for b in brackets],
        "embed": [f"/api/embed/brackets/{b['id']}" for b in brackets],
        "what_if": [
            (
                f"/api/brackets/{wide['id']}/what-if",
                {"results": [{"match_id": match, "home_score": 1, "away_score": 0} for match in ahead[:number]]},
            )
            for number in range(1, len(ahead[:40]) + 1)
        ],
    }


def check_uncached(dsn: str, port: int) -> None:
    """Ends the bench where the backend that is to keep nothing answers twice the same though the database changed."""
    path = f"http://127.0.0.1:{port}/api/brackets"
    with psycopg.connect(dsn, autocommit=True) as connection, httpx.Client(trust_env=False) as client:
        (number, name) = connection.execute("select id, name from divisions order by id limit 1").fetchone() or (0, "")
        shown = []
        for now in ("Bench", name):
            connection.execute("update divisions set name = %s where id = %s", [now, number])
            shown.append("Bench" in client.get(path, params={"season": "2026-27"}).text)
    if shown != [True, False]:
        raise SystemExit("bench api measured nothing: the backend that is to keep no answer keeps one")


def run() -> list[Line]:
    """Everything, on a database of its own."""
    folder = Path(tempfile.mkdtemp(prefix="mt-bench-api-", dir="/var/tmp"))
    folder.chmod(0o755)
    port, uncached_port, bare_port, nowhere = (process.free_port() for _ in range(4))

    @contextmanager
    def bare(body: bytes) -> Iterator[int]:
        (folder / "body.json").write_bytes(body)
        arguments = [__file__, "--serve-bare", str(bare_port), str(folder / "body.json")]
        with started(arguments, bare_port, folder / "bare.log") as listening:
            yield listening

    try:
        with season_database(folder) as dsn:
            environment = {
                "DATABASE_URL": dsn,
                "DATABASE_DIRECT_URL": dsn,
                "MT_TODAY": TODAY,
                "MT_LOG_LEVEL": "error",
                "MT_RATE_PER_MINUTE": "1000000000",  # counted as ever, never reached
            }
            serve = ["-m", "missing_table.cli", "serve", "--port"]
            deaf = {**environment, "DATABASE_DIRECT_URL": f"postgresql://nobody@127.0.0.1:{nowhere}/none"}
            with (
                started([*serve, str(port)], port, folder / "api.log", **environment),
                started([*serve, str(uncached_port)], uncached_port, folder / "uncached.log", **deaf),
            ):
                check_uncached(dsn, uncached_port)
                return asyncio.run(_measure(port, uncached_port, bare))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Measure and print the list; with --serve-bare, be the peer instead."""
    if sys.argv[1:2] == ["--serve-bare"]:
        serve_bare(int(sys.argv[2]), Path(sys.argv[3]).read_bytes())
        return
    show(run, as_json="--json" in sys.argv[1:])


if __name__ == "__main__":
    main()
