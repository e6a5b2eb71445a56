"""What a document of a wrong clock did is taken back, and the next real one lands."""

import json
import os
import subprocess
import sys

import pytest

from devstack.testing import Database
from devstack.testing.league_messages import at, batch, match, snapshot
from devstack.testing.league_state import Connection, one, send
from match_contract import Counts
from missing_table.ingest.rewind import Rewound, UnknownKey, rewind

KEY = "mls-next-league-26-27"
IDS = ("m1", "m2")


def land_document(db: Connection, name: str, *matches: dict[str, object], seen: float) -> Counts:
    send(db, snapshot(name, seen=seen, ids=IDS))
    return send(db, batch(*matches, of=name)).counts


@pytest.fixture
def spoiled(db: Connection) -> Connection:
    """A good document, then one of the far future: a wrong score, a score that is none, another kick-off."""
    moved = {"kick_off": "2026-10-01T18:00:00+00:00", "local_date": "2026-10-01"}
    land_document(db, "good", match("m1", score=(2, 1)), match("m2"), seen=0)
    land_document(
        db, "wrong", match("m1", seen=5000, score=(7, 7)), match("m2", seen=5000, score=(3, 3), **moved), seen=5000
    )
    return db


def test_what_the_history_tells_is_put_back_and_the_next_document_lands(spoiled: Connection) -> None:
    done = rewind(spoiled, KEY, to=at(1), actor="a test")
    assert done == Rewound(documents=1, matches=2, values=4)
    shown = "select home_score, status, local_date::text from matches order by external_id"
    assert spoiled.execute(shown).fetchall() == [(2, "completed", "2026-09-12"), (None, "scheduled", "2026-09-12")]
    assert one(spoiled, "select count(*) from source_documents") == 0, "no validator may say that nothing is new"
    assert one(spoiled, "select max(observed_at) from feed_snapshots") == at(0)
    counts = land_document(
        spoiled, "next", match("m1", seen=24, score=(2, 1)), match("m2", seen=24, score=(0, 1)), seen=24
    )
    assert counts == Counts(updated=1, unchanged=1)
    assert one(spoiled, "select count(*) from match_conflicts where settled_at is null") == 0


def test_it_is_in_the_history_in_the_audit_log_and_in_the_events(spoiled: Connection) -> None:
    versions = one(spoiled, "select sum(version) from brackets")
    rewind(spoiled, KEY, to=at(1), actor="a test")
    told = spoiled.execute(
        "select field, old_value, new_value from match_changes where batch_id is null order by field, old_value"
    ).fetchall()
    assert told == [
        ("kick_off", "2026-10-01T18:00:00Z", "2026-09-12T14:00:00Z"),
        ("score", "3-3", None),
        ("score", "7-7", "2-1"),
        ("status", "completed", "scheduled"),
    ]
    assert one(spoiled, "select actor, subject_id from audit_log where action = 'rewind'") == ("a test", KEY)
    assert one(spoiled, "select sum(version) from brackets") > versions


def test_what_a_person_locked_stands(spoiled: Connection) -> None:
    spoiled.execute(
        "insert into match_locks (match_id, field) select id, 'score' from matches where external_id = 'm1'"
    )
    rewind(spoiled, KEY, to=at(1), actor="a test")
    assert one(spoiled, "select home_score from matches where external_id = 'm1'") == 7


def test_nothing_dated_later_changes_nothing(spoiled: Connection) -> None:
    rewind(spoiled, KEY, to=at(1), actor="a test")
    assert rewind(spoiled, KEY, to=at(1), actor="a test") == Rewound(documents=0, matches=0, values=0)


def test_an_unknown_key_is_an_error(db: Connection) -> None:
    with pytest.raises(UnknownKey, match="nobody"):
        rewind(db, "nobody", to=at(0), actor="a test")


def test_the_command_says_what_it_did(spoiled: Connection, database: Database) -> None:
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": database.dsn}

    def run(key: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "missing_table.cli", "rewind", key, "--to", "2026-09-01T13:00:00", "--json"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    done = run(KEY)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"documents": 1, "matches": 2, "values": 4}
    wrong = run("nobody")
    assert (wrong.returncode, "nobody" in wrong.stderr) == (1, True)
