"""Quality of Play snapshots: stored when a division's table says something new, and only then."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import psycopg

from devstack.testing import Database
from match_contract import QualitySnapshot, Refusal
from missing_table.ingest import deliver

DAY = datetime(2026, 3, 1, 14, tzinfo=UTC)


def rankings(day: int, run_id: str | None = None, **scores: str) -> dict[str, Any]:
    """Tables of U15 Homegrown on a day, one team each: division -> its score."""
    message = QualitySnapshot(
        run_id=run_id or str(uuid4()),
        quality_id=str(uuid4()),
        source="modular11",
        season="2025-26",
        league="Homegrown",
        age_group="U15",
        taken_at=DAY + timedelta(days=day),
        tables=[
            {
                "division": division,
                "rows": [{"rank": 1, "team": "Harbor FC", "matches": 9, "attack": "7", "defence": "8", "score": score}],
            }
            for division, score in scores.items()
        ],
    )
    return message.model_dump(mode="json")


def history(database: Database, division: str) -> list[tuple[int, str]]:
    """(day, score) of what is stored of a division, oldest first."""
    with psycopg.connect(database.dsn) as connection:
        found = connection.execute(
            "select q.taken_at, q.rows from qop_snapshots q join seasons s on s.id = q.season_id"
            " join leagues l on l.id = q.league_id join age_groups a on a.id = q.age_group_id"
            " where s.name = '2025-26' and l.name = 'Homegrown' and a.name = 'U15' and q.division = %s"
            " order by q.taken_at",
            [division],
        ).fetchall()
    return [((taken_at - DAY).days, rows[0]["score"]) for taken_at, rows in found]


def test_a_division_gets_a_row_when_its_table_changes_and_none_when_it_does_not(database: Database) -> None:
    counts = [
        deliver(message, dsn=database.dsn).counts
        for message in (
            rankings(0, Northeast="80", Florida="70"),
            rankings(1, Northeast="80", Florida="70"),
            rankings(2, Northeast="80", Florida="71"),
            rankings(3, Northeast="80", Florida="70"),
        )
    ]
    assert [(count.inserted, count.unchanged) for count in counts] == [(2, 0), (0, 2), (1, 1), (1, 1)]
    assert history(database, "Northeast") == [(0, "80")]
    assert history(database, "Florida") == [(0, "70"), (2, "71"), (3, "70")]


def test_the_same_message_again_is_replayed_and_stores_nothing(database: Database) -> None:
    message = rankings(0, Northeast="80")
    assert deliver(message, dsn=database.dsn).state == "landed"
    again = deliver(message, dsn=database.dsn)
    assert (again.state, again.kind, again.message_id) == ("replayed", "quality", message["quality_id"])
    assert history(database, "Northeast") == [(0, "80")]


def test_the_order_of_arrival_does_not_matter(database: Database) -> None:
    told = [(0, "80"), (1, "80"), (2, "85")]
    for number, order in enumerate(permutations(told)):
        division = f"Division {number}"
        for day, score in order:
            deliver(rankings(day, **{division: score}), dsn=database.dsn)
        assert history(database, division) == [(0, "80"), (2, "85")], order


def test_two_tables_of_one_moment_are_settled_the_same_way_round_whichever_comes_first(database: Database) -> None:
    for division, scores in (("One", ("80", "85")), ("Other", ("85", "80"))):
        for score in scores:
            deliver(rankings(0, **{division: score}), dsn=database.dsn)
    assert history(database, "One") == history(database, "Other")
    assert len(history(database, "One")) == 1


def test_no_tables_are_nothing_to_store_and_still_have_their_receipt(database: Database) -> None:
    receipt = deliver(rankings(0), dsn=database.dsn)
    assert (receipt.state, receipt.counts.inserted, receipt.counts.unchanged) == ("landed", 0, 0)


def test_rankings_that_are_not_as_agreed_go_whole_to_the_quarantine(database: Database) -> None:
    message = rankings(0, Northeast="80")
    message["tables"][0]["rows"][0]["rank"] = 0
    receipt = deliver(message, dsn=database.dsn)
    assert receipt.state == "refused"
    assert receipt.reason is Refusal.MALFORMED
    assert "tables.0.rows.0.rank" in receipt.detail
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("select reason, state from ingest_rejections").fetchall() == [("malformed", "open")]
    assert history(database, "Northeast") == []
