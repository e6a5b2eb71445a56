"""The closed sets of words that SQL holds beside the contract: each check says what its enum says."""

import re
from enum import StrEnum

import psycopg
import pytest

from devstack.testing import Database
from devstack.testing.league_messages import batch, match, team
from match_contract import ChangedField, League, LockedField, MessageKind, Source, Status
from missing_table.ingest import deliver


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("ingest_batches", "kind", MessageKind),
        ("match_locks", "field", LockedField),
        ("brackets", "source", Source),
        ("leagues", "name", League),
        ("matches", "status", Status),
    ],
)
def test_a_check_of_the_database_holds_the_words_of_its_enum(
    database: Database, table: str, column: str, words: type[StrEnum]
) -> None:
    with psycopg.connect(database.dsn) as connection:
        found = connection.execute(
            "select pg_get_constraintdef(c.oid) from pg_constraint c"
            " join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)"
            " where c.conrelid = %s::regclass and c.contype = 'c' and a.attname = %s and cardinality(c.conkey) = 1",
            [table, column],
        ).fetchall()
    checks = [set(re.findall(r"'([^']+)'::text", definition)) for (definition,) in found]
    assert set(words) in checks


def test_the_history_of_a_match_tells_of_the_fields_that_the_contract_names(database: Database) -> None:
    deliver(batch(match(score=None, event_id="e1", competition="League", round_number=1)), dsn=database.dsn)
    changed = match(
        seen=1,
        score=(2, 1),
        home=team(3),
        event_id="e2",
        age_group="U15",
        division="Florida",
        competition="Cup",
        round_number=2,
        home_brackets=["b2"],
        away_brackets=["b2"],
        venue={"external_id": "v2", "name": "Harbor Park"},
        kick_off="2026-09-13T14:00:00Z",
        local_date="2026-09-13",
    )
    deliver(batch(changed, of="s2"), dsn=database.dsn)
    with psycopg.connect(database.dsn) as connection:
        told = {field for (field,) in connection.execute("select distinct field from match_changes")}
    assert told == set(ChangedField) - {ChangedField.LEAGUE}
    assert set(LockedField) < set(ChangedField)
