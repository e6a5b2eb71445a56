"""`missing-table quarantine` and `missing-table dead`, as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from devstack.testing import Amqp, Database
from devstack.testing.broker import Producer, producing, working
from devstack.testing.league_messages import batch, match, unread
from devstack.testing.league_state import one
from devstack.testing.waiting import until
from match_contract import wire
from missing_table.ingest import deliver


def run(*arguments: str, code: int = 0, **environment: str) -> Any:
    """The command's JSON; its text where it prints none."""
    done = subprocess.run(
        [sys.executable, "-m", "missing_table.cli", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if done.stdout.lstrip().startswith(("[", "{")) else done.stdout + done.stderr


def logged(db: psycopg.Connection[Any], more: str) -> list[tuple[Any, ...]]:
    """The audit log, oldest first: actor, action, subject, its id, and what else is asked for."""
    query = f"select actor, action, subject, subject_id, {more} from audit_log order by id"
    return db.execute(query.encode()).fetchall()


UNKNOWN = match("x1", home={"name": "Harbour One", "age_label": "U14"})


def test_adding_an_alias_and_replaying_lands_the_match(database: Database, db: psycopg.Connection[Any]) -> None:
    url = {"DATABASE_URL": database.dsn}
    deliver(batch(match("m0"), UNKNOWN), dsn=database.dsn)
    listed = run("quarantine", "list", "--json", **url)
    assert [(row["external_id"], row["reason"], row["seen"]) for row in listed] == [("x1", "unknown_team", 1)]
    number = str(listed[0]["id"])
    assert run("quarantine", "show", number, **url)["payload"]["home"]["name"] == "Harbour One"
    assert "x1" in run("quarantine", "list", **url)
    still = run("quarantine", "replay", number, "--json", code=1, **url)
    assert "add an alias" in still[0]["detail"]
    db.execute("insert into team_aliases (alias, team_id) select 'Harbour One', id from teams where external_id = 's1'")
    assert run("quarantine", "replay", "--all", "--json", **url)[0]["landed"] is True
    assert one(db, "select count(*) from matches where external_id = 'x1'") == 1
    assert run("quarantine", "list", "--json", **url) == []
    assert one(db, "select state from ingest_rejections") == "replayed"
    tried = ("command line", "replay", "rejection", number, "open")
    assert logged(db, "before->>'state', after->>'state'") == [(*tried, "open"), (*tried, "replayed")]


def test_a_replay_of_what_the_reader_refused_says_what_to_do_and_leaves_it(
    database: Database, db: psycopg.Connection[Any]
) -> None:
    url = {"DATABASE_URL": database.dsn}
    deliver(batch(unread("x1")), dsn=database.dsn)
    deliver(batch({"external_id": "x2", "note": "of an agent before 1.1"}, of="s2"), dsn=database.dsn)
    replayed = run("quarantine", "replay", "--all", "--json", code=1, **url)
    assert [item["landed"] for item in replayed] == [False, False]
    assert all("a later run reads the match" in item["detail"] for item in replayed)
    assert {item["match"]: item["detail"].count("Expected int") for item in replayed} == {"x1": 1, "x2": 0}
    assert one(db, "select array_agg(seen) from ingest_rejections where state = 'open'") == [1, 1]


def test_what_is_dropped_stays_dropped_when_it_comes_again(database: Database, db: psycopg.Connection[Any]) -> None:
    deliver(batch(UNKNOWN, of="a"), dsn=database.dsn)
    number = str(one(db, "select id from ingest_rejections"))
    assert run("quarantine", "drop", number, "--json", DATABASE_URL=database.dsn) == {"dropped": [int(number)]}
    deliver(batch(UNKNOWN, of="b"), dsn=database.dsn)
    assert one(db, "select state, seen from ingest_rejections") == ("dropped", 2)
    run("quarantine", "drop", number, code=1, DATABASE_URL=database.dsn)
    assert logged(db, "after->>'state'") == [("command line", "drop", "rejection", number, "dropped")]


def test_a_whole_message_lands_when_a_newer_version_replays_it(database: Database, db: psycopg.Connection[Any]) -> None:
    deliver(batch(match(), schema_version="2.0"), dsn=database.dsn)
    db.execute("update ingest_rejections set payload = replace(payload::text, '2.0', '1.0')::json")
    assert run("quarantine", "replay", "--all", "--json", DATABASE_URL=database.dsn)[0]["landed"] is True
    assert one(db, "select external_id from matches") == "m1"


def test_a_replay_names_its_rows(database: Database) -> None:
    assert "--all" in run("quarantine", "replay", code=2, DATABASE_URL=database.dsn)


def test_a_quarantine_without_a_database_is_one_sentence() -> None:
    said = run("quarantine", "list", code=1, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert said.startswith("missing-table: no database behind DATABASE_URL")


def test_dead_letters_are_listed_with_their_reason_and_stay(amqp: Amqp, tmp_path: Path, database: Database) -> None:
    with producing(amqp.url) as producer:
        sent = dead_letters(producer, amqp, database, tmp_path)
        for _ in range(2):
            listed = run("dead", "list", "--json", AMQP_URL=amqp.url)
            assert {letter["message_id"]: letter["reason"].split(":")[0] for letter in listed} == {
                sent: "UndefinedTable",
                "no-json": "not JSON, or nested too deep",
            }
        assert "dead letters" in run("dead", "list", AMQP_URL=amqp.url)


def test_a_replayed_dead_letter_lands_and_an_unreadable_one_stays(
    amqp: Amqp, tmp_path: Path, database: Database
) -> None:
    with producing(amqp.url) as producer:
        sent = dead_letters(producer, amqp, database, tmp_path)
        replayed = run("dead", "replay", "--all", "--json", AMQP_URL=amqp.url, DATABASE_URL=database.dsn)
        assert [(letter["message_id"], letter["kind"]) for letter in replayed] == [(sent, "batch")]
        with working(dsn=database.dsn, amqp_url=amqp.url, folder=tmp_path), psycopg.connect(database.dsn) as db:
            until(lambda: db.execute("select from matches").fetchall() or db.rollback(), "the match")
            entry = ("command line", "replay", "dead letter", sent, "matches.dead", "matches")
            assert logged(db, "before->>'queue', after->>'queue'") == [entry]
        assert producer.depth(wire.DEAD_QUEUE) == 1


def dead_letters(producer: Producer, amqp: Amqp, database: Database, folder: Path) -> str:
    """A good batch that met a permanent fault, and a body that is no JSON: both in matches.dead."""
    with psycopg.connect(database.dsn, autocommit=True) as db:
        db.execute("alter table ingest_batches rename to elsewhere")
        with working(dsn=database.dsn, amqp_url=amqp.url, folder=folder):
            sent = producer.send(batch(match()))
            producer.send_raw("{", headers=wire.task_headers("no-json"))
            until(lambda: producer.depth(wire.DEAD_QUEUE) == 2, "two dead letters")
        db.execute("alter table elsewhere rename to ingest_batches")
    return sent
