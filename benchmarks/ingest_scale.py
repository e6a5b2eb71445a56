"""How landing scales with processes, in a league of many seasons."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import psycopg
from ingest_parts import (
    SEASON,
    Message,
    feed_to_committed,
    message_id,
    result,
    servers,
    wait_for,
    with_other_ids,
    worker,
)

from devstack.services.postgres import Postgres, create_database
from match_contract import Season
from match_scraper_agent.publisher import AmqpCourier
from missing_table.logs import configure_logs
from missing_table.migrate import migrate

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
join matches n
    on (n.source, n.season_id, n.league_id, n.external_id) = (m.source, %(copy)s, m.league_id, m.external_id)
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
