"""How fast matches land: `./mt bench ingest`. Starts what it needs on free ports and stops it again.

season_feed_to_committed_s   the whole generated season (24,623 matches, three competitions): read over HTTP from the
                             replica, understood by the reader, sent by the agent's courier through RabbitMQ with
                             confirms, landed by one worker with its two processes, until the last receipt is back
unchanged_source_s           the same again when nothing changed: six conditional requests, no body, a run report landed
merge_vs_copy_upsert         the merge of all batches into an empty league (places, history, receipts, events and all)
replay_vs_copy_upsert        the same batches once more under other ids: nothing changes
receipt_after_commit_ms      from the database's commit of a message until the agent holds its receipt, one message at a
                             time: the median; receipt_after_commit_p99_ms is the slowest but one of a hundred
The peer of merge and replay: the same rows by COPY and one upsert into a table of the same shape, in the same number of
transactions, on the same server with the same settings, batch by batch in turns with ours. PostgreSQL keeps its default
durability (it waits for the disk at each commit).

`--scale N` measures something else, for docs/scaling.md: how many matches a second one worker lands, with 1, 2 and 4
processes, into a league that holds N seasons of that size already. It is filled a season at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from devstack.services import process
from devstack.services.postgres import Postgres, create_database, find_binaries
from devstack.services.process import Launch, Service
from devstack.services.rabbitmq import RabbitMQ
from match_contract import RunReport, Season
from match_scraper import LandedFeed, Outcome, Reader, ReaderSettings, Validators, read_feed
from match_scraper.assist.keys import usual_keys
from match_scraper_agent.messages import build_messages
from match_scraper_agent.submit import AmqpCourier
from match_scraper_agent.targets import EVERY_LEAGUE
from missing_table.ingest.judge import judge
from missing_table.ingest.judged import JudgedBatch
from missing_table.ingest.known import Dimensions
from missing_table.ingest.land import land_judged
from missing_table.ingest.prepare import prepare
from missing_table.ingest.worker import collect_seldom
from missing_table.logs import configure_logs
from missing_table.migrate import migrate

ROOT = Path(__file__).resolve().parents[1]
SEASON = Season(2026)
TODAY = "2027-02-01"
VIEWER = "https://mls-assist.theintelligenceplatform.com"
DEADLINE_S = 300
RECEIPTS_S = 5.0
Message = dict[str, Any]
Pair = tuple[float, float]
"""Seconds of ours and of the peer."""


@dataclass(frozen=True)
class Servers:
    """What runs for one bench: a database server, a broker, the replica of the source."""

    postgres: Postgres
    broker: RabbitMQ
    reader: ReaderSettings
    folder: Path


@contextmanager
def running(service: Service, log: Path) -> Iterator[None]:
    """A server of ours, ready, until the end of the block."""
    launch = service.launch()
    child = process.spawn(launch, log)
    try:
        process.wait_ready(service, child, log)
        yield
    finally:
        process.stop(child, launch)


def with_commit_times(service: Service) -> Service:
    """The same PostgreSQL, which also keeps when each transaction was committed."""

    def launch() -> Launch:
        plain = service.launch()
        return replace(plain, argv=(*plain.argv, "-c", "track_commit_timestamp=on"))

    return replace(service, launch=launch)


@contextmanager
def servers() -> Iterator[Servers]:
    """PostgreSQL with default durability, RabbitMQ with our topology, the replica with a full season."""
    folder = Path(tempfile.mkdtemp(prefix="mt-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    binaries = find_binaries()
    if binaries is None:
        sys.exit("PostgreSQL's programs are not installed: apt-get install postgresql")
    postgres = Postgres(folder / "pg", process.free_port(), binaries, account=process.account("postgres"))
    broker = RabbitMQ(
        folder / "mq",
        process.free_port(),
        process.free_port(),
        user="mt",
        password=uuid4().hex,
        definitions=ROOT / "deploy" / "rabbitmq" / "definitions.json",
        account=process.account("rabbitmq"),
    )
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.enter_context(running(with_commit_times(postgres.service()), folder / "pg.log"))
        stack.enter_context(running(broker.service(), folder / "mq.log"))
        reader = stack.enter_context(replica(folder))
        yield Servers(postgres, broker, reader, folder)


@contextmanager
def replica(folder: Path) -> Iterator[ReaderSettings]:
    """The generated season over HTTPS, as a process of its own."""
    heard, said = os.pipe()
    command = [sys.executable, "-m", "devstack.replica", "--port", "0", "--state", str(folder), "--today", TODAY]
    with (folder / "replica.log").open("wb") as log:
        child = subprocess.Popen([*command, "--ready-fd", str(said)], stderr=log, pass_fds=[said])  # noqa: S603
    os.close(said)
    try:
        with os.fdopen(heard, "rb") as pipe:
            port = json.loads(pipe.read())["port"]
        yield ReaderSettings(
            source_resolve=dict.fromkeys((VIEWER.removeprefix("https://"), "www.mlssoccer.com"), f"127.0.0.1:{port}"),
            source_ca=folder / "cert.pem",
            state_dir=folder / "reader",
        )
    finally:
        child.terminate()
        child.wait(20)


@contextmanager
def worker(dsn: str, amqp_url: str, folder: Path, *, concurrency: int = 2) -> Iterator[None]:
    """`missing-table worker`, consuming before this returns."""
    log = folder / "worker.log"
    environment = {**os.environ, "DATABASE_URL": dsn, "AMQP_URL": amqp_url, "MT_LOG_LEVEL": "warning"}
    program = [sys.executable, "-m", "missing_table.cli", "worker", "--concurrency", str(concurrency)]
    with log.open("wb") as out:
        child = subprocess.Popen(program, env=environment, stdout=out, stderr=out, start_new_session=True)  # noqa: S603
    try:
        courier = AmqpCourier(amqp_url, str(uuid4()))
        courier.open()
        report = run_report()
        courier.send(report)
        wait_for(courier, {report["run_id"]})
        courier.close()
        yield
    finally:
        child.terminate()
        child.wait(30)


def run_report() -> Message:
    """A run in which nothing happened."""
    return RunReport(
        run_id=str(uuid4()), started_at="2027-02-01T14:00:00Z", ended_at="2027-02-01T14:00:01Z", exit_code=0
    ).model_dump(mode="json")


def wait_for(courier: AmqpCourier, wanted: set[str]) -> dict[str, Any]:
    """The receipts of these messages."""
    found: dict[str, Any] = {}
    end = time.monotonic() + DEADLINE_S
    while wanted - found.keys():
        found |= courier.receipts(wanted - found.keys(), RECEIPTS_S)
        if time.monotonic() > end:
            sys.exit(f"{len(wanted - found.keys())} receipts did not come within {DEADLINE_S} s")
    return found


def message_id(message: Message) -> str:
    """The id under which its receipt comes back."""
    return str(message[{"snapshot": "snapshot_id", "batch": "batch_id", "run_report": "run_id"}[message["kind"]]])


async def feed_to_committed(servers: Servers, amqp_url: str) -> tuple[float, list[Message], int]:
    """Seconds from the first request to the last receipt, the messages, and how many matches were inserted."""
    courier = AmqpCourier(amqp_url, str(uuid4()))
    courier.open()
    sent: list[Message] = []
    started = time.perf_counter()
    async with Reader(servers.reader) as reader:
        for key in usual_keys(SEASON):
            reading = await read_feed(reader, key, viewer_url=VIEWER, validators={}, landed=None)
            if reading.outcome is not Outcome.READ:
                sys.exit(f"{key.key} was not read: {reading.outcome}: {reading.detail}")
            shipment = build_messages(reading, EVERY_LEAGUE, run_id=str(uuid4()), snapshot_id=str(uuid4()))
            for message in shipment.messages:
                courier.send(message)
                sent.append(message)
    receipts = wait_for(courier, {message_id(message) for message in sent})
    seconds = time.perf_counter() - started
    courier.close()
    refused = [receipt for receipt in receipts.values() if receipt.state != "landed"]
    if refused:
        sys.exit(f"not landed: {refused[0]}")
    return seconds, sent, sum(receipt.counts.inserted for receipt in receipts.values())


async def unchanged(servers: Servers, amqp_url: str, dsn: str) -> float:
    """Seconds for a run that finds nothing new: what landed is asked, six 304s, a report that lands."""
    courier = AmqpCourier(amqp_url, str(uuid4()))
    courier.open()
    started = time.perf_counter()
    validators, landed = known(dsn)
    async with Reader(servers.reader) as reader:
        for key in usual_keys(SEASON):
            reading = await read_feed(reader, key, viewer_url=VIEWER, validators=validators, landed=landed[key.key])
            if reading.outcome is not Outcome.UNCHANGED:
                sys.exit(f"{key.key} is not unchanged: {reading.outcome}: {reading.detail}")
    report = run_report()
    courier.send(report)
    wait_for(courier, {report["run_id"]})
    seconds = time.perf_counter() - started
    courier.close()
    return seconds


def receipts_after_commit(amqp_url: str, dsn: str, *, count: int = 100) -> list[float]:
    """Milliseconds from commit to receipt of so many messages, the fastest first."""
    courier = AmqpCourier(amqp_url, str(uuid4()))
    courier.open()
    arrived: dict[str, float] = {}
    for _ in range(count):
        report = run_report()
        courier.send(report)
        wait_for(courier, {report["run_id"]})
        arrived[report["run_id"]] = time.time()
    courier.close()
    question = (
        "select message_id::text, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 from ingest_batches"
        " where message_id = any(%s::uuid[])"
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        committed = dict(connection.execute(question, [list(arrived)]).fetchall())
    return sorted(1000 * (moment - committed[name]) for name, moment in arrived.items())


def known(dsn: str) -> tuple[dict[str, Validators], dict[str, LandedFeed]]:
    """What the API tells the agent: validators by path, what landed by key."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        documents = connection.execute("select path, etag, last_modified, sha256 from source_documents").fetchall()
        feeds = connection.execute(
            "select key, cardinality(external_ids), scored, observed_at from feed_snapshots where landed_at is not null"
        ).fetchall()
    return (
        {path: Validators(etag, modified, digest) for path, etag, modified, digest in documents},
        {key: LandedFeed(matches, scored, observed_at) for key, matches, scored, observed_at in feeds},
    )


# --- the merge against its peer

UPSERT_KEY = ("source", "season_id", "external_id")
COLUMNS = (
    *("source", "season_id", "external_id", "event_id", "league_id", "age_group_id", "division_id", "competition"),
    *("home_team_id", "away_team_id", "kick_off", "timezone", "local_date", "time_set", "venue_id", "round_number"),
    *("status", "home_score", "away_score", "home_shootout", "away_shootout", "observed_at", "content_hash"),
)


class Peer:
    """COPY into a temporary table and one upsert, a transaction a batch: rows that are resolved already, no rules."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        names = ", ".join(COLUMNS)
        updates = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in UPSERT_KEY)
        self.create = f"create temporary table rows on commit drop as select {names} from matches limit 0"  # noqa: S608
        self.copy = f"copy rows ({names}) from stdin"
        self.upsert = (
            f"insert into matches ({names}) select {names} from rows"  # noqa: S608
            f" on conflict ({', '.join(UPSERT_KEY)}) do update set {updates}"
        )

    def land(self, rows: list[tuple[Any, ...]]) -> None:
        with self.connection.transaction():
            self.connection.execute(self.create.encode())
            with self.connection.cursor() as cursor, cursor.copy(self.copy.encode()) as copy:
                for row in rows:
                    copy.write_row(row)
            self.connection.execute(self.upsert.encode())


def peer_rows(connection: psycopg.Connection, batches: list[JudgedBatch]) -> list[list[tuple[Any, ...]]]:
    """The rows of each batch as `incoming` gets them, resolved against a league in which they stand."""
    places = Dimensions()
    with connection.transaction():
        prepared = [prepare(connection, places, batch) for batch in batches]
    return [[row[: len(COLUMNS)] for row in batch.rows] for batch in prepared]


def with_other_ids(messages: list[Message]) -> list[Message]:
    """The same documents sent again by another run."""
    ids: dict[str, str] = {}
    again: list[Message] = []
    for message in messages:
        other = {**message, "snapshot_id": ids.setdefault(message["snapshot_id"], str(uuid4()))}
        again.append(other | ({"batch_id": str(uuid4())} if message["kind"] == "batch" else {}))
    return again


def merge_and_peer(
    server: Postgres, messages: list[Message], full: str
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The first time and the replay; the database `full` holds the landed season."""
    create_database(server, "ours")
    migrate(server.dsn("ours"))
    create_database(server, "peer", template=full)
    with (
        psycopg.connect(server.dsn("ours"), autocommit=True, prepare_threshold=None) as ours,
        psycopg.connect(server.dsn("peer"), autocommit=True, prepare_threshold=None) as theirs,
    ):
        whole = [judge(message) for message in messages]
        rows = peer_rows(theirs, [item for item in whole if isinstance(item, JudgedBatch)])
        theirs.execute("truncate matches, match_brackets, match_changes, match_locks, match_conflicts, forecasts")
        for connection in (ours, theirs):
            connection.execute("vacuum analyze")
        places, peer = Dimensions(), Peer(theirs)
        collect_seldom()  # as the worker's processes do; this one holds a whole season of messages besides
        first = in_turns(ours, places, whole, peer, rows)
        replayed = in_turns(ours, places, [judge(message) for message in with_other_ids(messages)], peer, rows)
        check(ours, theirs)
    return first, replayed


def in_turns(
    ours: psycopg.Connection, places: Dimensions, whole: list[Any], peer: Peer, rows: list[list[tuple[Any, ...]]]
) -> Pair:
    """Batch by batch, ours and then the peer's, so that a busy moment of the machine hits both."""
    our_seconds = peer_seconds = 0.0
    waiting = iter(rows)
    for item in whole:
        started = time.perf_counter()
        land_judged(ours, item, places)
        if isinstance(item, JudgedBatch):  # snapshots have no counterpart
            middle = time.perf_counter()
            peer.land(next(waiting))
            our_seconds += middle - started
            peer_seconds += time.perf_counter() - middle
    return our_seconds, peer_seconds


def check(ours: psycopg.Connection, theirs: psycopg.Connection) -> None:
    """Both hold the same matches, or the comparison is void."""
    question = "select count(*), sum(home_score), md5(string_agg(content_hash, '' order by content_hash)) from matches"
    found = [connection.execute(question).fetchone() for connection in (ours, theirs)]
    if found[0] != found[1]:
        sys.exit(f"the merge and its peer differ: {found}")


def result(name: str, value: float, unit: str, peer: str | None = None, peer_value: float | None = None) -> Message:
    """One line of the bench."""
    ratio = round(value / peer_value, 3) if peer_value else None
    rounded = round(peer_value, 3) if peer_value is not None else None
    return {"name": name, "value": round(value, 3), "unit": unit, "peer": peer, "peer_value": rounded, "ratio": ratio}


# --- how it scales

PROCESSES = (1, 2, 4)
FILL = (
    """
insert into brackets (source, season_id, external_id, league_id, division_id, age_group_id, gender, computed,
    observed_at, standings_observed_at, standings_hash, synced_at)
select source, %(copy)s, external_id, league_id, division_id, age_group_id, gender, computed, observed_at,
    standings_observed_at, standings_hash, synced_at
from brackets where season_id = %(landed)s""",
    """
insert into matches (source, season_id, external_id, event_id, league_id, age_group_id, division_id, competition,
    home_team_id, away_team_id, kick_off, timezone, local_date, time_set, venue_id, round_number, status, source_status,
    home_score, away_score, home_shootout, away_shootout, observed_at, content_hash, score_observed_at, score_hash)
select source, %(copy)s, external_id, event_id, league_id, age_group_id, division_id, competition, home_team_id,
    away_team_id, kick_off, timezone, local_date, time_set, venue_id, round_number, status, source_status, home_score,
    away_score, home_shootout, away_shootout, observed_at, content_hash, score_observed_at, score_hash
from matches where season_id = %(landed)s""",
    """
insert into match_brackets (match_id, bracket_id, home, away)
select n.id, d.id, k.home, k.away
from match_brackets k
join matches m on m.id = k.match_id and m.season_id = %(landed)s
join brackets b on b.id = k.bracket_id
join matches n on n.source = m.source and n.season_id = %(copy)s and n.external_id = m.external_id
join brackets d on d.source = b.source and d.season_id = %(copy)s and d.external_id = b.external_id""",
)
"""A copy of a landed season under another: a match of another league is as unrelated to ours as that."""
ANALYZE_EVERY = 10
"""Seasons: the plans of the next ones follow what is there."""


def fill(server: Postgres, name: str, *, seasons: int) -> None:
    """Brings a database that holds one season to so many, a season a transaction; says on stderr how fast each went.

    As superuser without triggers: this is no measurement.
    """
    with psycopg.connect(server.superuser_dsn(name), autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("vacuum analyze")
        landed = connection.execute("select id from seasons where name = %s", [SEASON.name]).fetchone()
        if landed is None:
            sys.exit(f"the season {SEASON.name} did not land")
        tables = ("brackets", "matches", "match_brackets")
        found = [connection.execute(f"select count(*) from {table}".encode()).fetchone() for table in tables]  # noqa: S608
        whole = [row[0] for row in found if row]
        for back in range(1, seasons):
            other = Season(SEASON.start_year - back)
            started = time.perf_counter()
            with connection.transaction():
                copy = connection.execute(
                    "insert into seasons (name, first_day, last_day) values (%s, %s, %s) returning id",
                    [other.name, other.first_day, other.last_day],
                ).fetchone()
                ids = {"landed": landed[0], "copy": copy[0] if copy else None}
                counts = [connection.execute(statement, ids).rowcount for statement in FILL]
            seconds = time.perf_counter() - started
            if counts != whole:
                sys.exit(f"a copy of the season has {counts} brackets, matches and places, and not {whole}")
            sys.stderr.write(
                f"filled {back + 1} of {seasons} seasons: {counts[1]} matches in {seconds:.1f} s,"
                f" {counts[1] / seconds:.0f} a second\n"
            )
            if back % ANALYZE_EVERY == 0:
                connection.execute("analyze")
        connection.execute("vacuum analyze")


def in_another_season(messages: list[Message], season: Season) -> list[Message]:
    """The same documents, all new: another season's, by another run."""
    text = json.dumps(with_other_ids(messages)).replace(f'"{SEASON.name}"', f'"{season.name}"')
    renamed: list[Message] = json.loads(text.replace(SEASON.key_suffix, season.key_suffix))
    return renamed


def cpu_seconds(pids: set[int]) -> float:
    """What these processes have used so far, their ended children not counted."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def processes_named(words: bytes) -> set[int]:
    """Pids whose command line holds these words."""
    found: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if words in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
    return found


def scaled(scale: int) -> list[Message]:
    """Matches a second by the number of processes, with what worker and database used of the machine meanwhile."""
    configure_logs("error")
    found: list[Message] = []
    with servers() as up:
        create_database(up.postgres, "season")
        dsn, amqp_url = up.postgres.dsn("season"), up.broker.url()
        migrate(dsn)
        with worker(dsn, amqp_url, up.folder):
            _, messages, rows = asyncio.run(feed_to_committed(up, amqp_url))
        fill(up.postgres, "season", seasons=scale)
        for number, processes in enumerate(PROCESSES, 1):
            fresh = in_another_season(messages, Season(SEASON.start_year + number))
            with worker(dsn, amqp_url, up.folder, concurrency=processes):
                ours, theirs = (
                    processes_named(b"missing_table.cli\0worker"),
                    processes_named(b"postgres: postgres season"),
                )
                courier = AmqpCourier(amqp_url, str(uuid4()))
                courier.open()
                before, started = (cpu_seconds(ours), cpu_seconds(theirs)), time.perf_counter()
                for message in fresh:
                    courier.send(message)
                wait_for(courier, {message_id(message) for message in fresh})
                seconds = time.perf_counter() - started
                theirs = processes_named(b"postgres: postgres season")
                used = cpu_seconds(ours) - before[0], cpu_seconds(theirs) - before[1]
                courier.close()
            sys.stderr.write(
                f"{processes} processes: {rows} matches in {seconds:.1f} s, {rows / seconds:.0f} a second\n"
            )
            name = f"scale_{scale}_processes_{processes}"
            found += [
                result(f"{name}_matches_per_s", rows / seconds, "1/s"),
                result(f"{name}_worker_cpu", used[0] / seconds, "cores"),
                result(f"{name}_database_cpu", used[1] / seconds, "cores"),
            ]
        with psycopg.connect(dsn) as connection:
            size = connection.execute("select count(*), pg_database_size(current_database()) from matches").fetchone()
        if size is not None:
            found.append(result(f"scale_{scale}_matches", size[0], "rows"))
            found.append(result(f"scale_{scale}_database_mb", size[1] / 1e6, "MB"))
    return found


def run() -> list[Message]:
    """Every number of this bench, in the shape of every bench."""
    configure_logs("error")
    with servers() as up:
        create_database(up.postgres, "season")
        dsn, amqp_url = up.postgres.dsn("season"), up.broker.url()
        migrate(dsn)
        with worker(dsn, amqp_url, up.folder):
            seconds, messages, inserted = asyncio.run(feed_to_committed(up, amqp_url))
            quiet = asyncio.run(unchanged(up, amqp_url, dsn))
            waits = receipts_after_commit(amqp_url, dsn)
        first, replayed = merge_and_peer(up.postgres, messages, "season")
    peer = f"COPY and one upsert of the same {inserted} rows"
    return [
        result("season_feed_to_committed_s", seconds, "s"),
        result("unchanged_source_s", quiet, "s"),
        result("merge_vs_copy_upsert", first[0], "s", peer, first[1]),
        result("replay_vs_copy_upsert", replayed[0], "s", peer, replayed[1]),
        result("receipt_after_commit_ms", waits[len(waits) // 2], "ms"),
        result("receipt_after_commit_p99_ms", waits[-2], "ms"),
    ]


def main() -> None:
    """Prints the list, as JSON or as a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the list alone, as JSON")
    parser.add_argument("--scale", type=int, help="matches a second into a league of so many seasons (docs/scaling.md)")
    options = parser.parse_args()
    found = scaled(options.scale) if options.scale else run()
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for line in found:
        against = f"{line['ratio']} x {line['peer_value']} {line['unit']} ({line['peer']})" if line["peer"] else ""
        sys.stdout.write(f"{line['name']:34} {line['value']:9.3f} {line['unit']:3} {against}\n")


if __name__ == "__main__":
    main()
