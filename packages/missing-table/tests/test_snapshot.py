"""What a document as a whole does: validators, freshness, absences, the shrink guard."""

from __future__ import annotations

from devstack.testing.league_messages import at, batch, match, snapshot
from devstack.testing.league_state import Connection, one, seen, send
from match_contract import Refusal


def test_the_standings_document_names_the_team_and_its_place(db: Connection) -> None:
    send(db, snapshot(ids=("m1",), standings={"b1": [2, 1]}), batch(match()))
    assert db.execute(
        "select t.external_id, p.position, bt.listed from published_standings p join teams t on t.id = p.team_id"
        " join bracket_teams bt using (bracket_id, team_id) order by 2"
    ).fetchall() == [("s2", 1, True), ("s1", 2, True)]


def test_a_team_outside_the_standings_joins_its_opponents_bracket_unlisted(db: Connection) -> None:
    send(db, snapshot(ids=("m1",), standings={"b1": [1]}), batch(match()))
    assert one(db, "select t.external_id from bracket_teams b join teams t on t.id = team_id where not listed") == "s2"


def test_validators_become_current_with_the_last_part_and_not_before(db: Connection) -> None:
    parts = [batch(match(f"m{n}"), part=n, parts=3) for n in (1, 2, 3)]
    send(db, parts[2], snapshot(ids=("m1", "m2", "m3"), parts=3), parts[0])
    assert one(db, "select count(*) from source_documents") == 0
    assert one(db, "select synced_at from brackets where external_id = 'b1'") is None
    send(db, parts[1])
    assert {row[0] for row in db.execute("select etag from source_documents")} == {'"s1-schedule"', '"s1-standings"'}
    assert one(db, "select synced_at from brackets where external_id = 'b1'") == at(0)


def test_a_snapshot_that_arrives_last_lands_the_document(db: Connection) -> None:
    send(db, batch(match()), snapshot(ids=("m1",)))
    assert one(db, "select count(*) from source_documents") == 2


def test_an_older_document_does_not_take_back_the_validators_of_a_newer_one(db: Connection) -> None:
    send(db, snapshot("new", seen=9, ids=("m1",), parts=0), snapshot("old", seen=1, ids=("m1",), parts=0))
    assert one(db, "select distinct synced_at from source_documents") == at(9)


def test_only_the_brackets_of_the_scope_are_fresh(db: Connection) -> None:
    send(db, snapshot(ids=("m1",), parts=0, scope=["b2"]))
    assert db.execute("select external_id, synced_at from brackets order by 1").fetchall() == [
        ("b1", None),
        ("b2", at(0)),
    ]


def vanished(db: Connection, *snapshots: int) -> tuple[str, int]:
    """m1 and m2 are seen at 0; the snapshots of these hours list m2 alone."""
    send(db, snapshot("s0", seen=0, ids=("m1", "m2")), batch(match("m1"), match("m2"), of="s0"))
    for hours in snapshots:
        send(db, snapshot(f"s{hours}", seen=hours, ids=("m2",), parts=0, accept_shrink=True))
    found: tuple[str, int] = one(db, "select status, absent_snapshots from matches where external_id = 'm1'")
    return found


def test_a_match_that_vanished_once_is_only_counted(db: Connection) -> None:
    assert vanished(db, 1) == ("scheduled", 1)


def test_a_match_that_is_in_no_part_of_two_snapshots_running_is_cancelled(db: Connection) -> None:
    assert vanished(db, 1, 2) == ("cancelled", 2)
    assert one(db, "select old_value, new_value from match_changes where field = 'status'") == (
        "scheduled",
        "cancelled",
    )
    assert one(db, "select absent_since from matches where external_id = 'm1'") == at(1)


def test_a_vanished_match_that_was_scored_is_flagged_and_never_cancelled(db: Connection) -> None:
    send(db, batch(match("m1", seen=-1, score=(1, 1)), of="before"))
    assert vanished(db, 1, 2) == ("completed", 2)


def test_a_vanished_match_that_returns_is_as_the_source_says(db: Connection) -> None:
    vanished(db, 1, 2)
    seen(db, match("m1", seen=3))
    assert one(db, "select status, absent_snapshots, absent_since from matches where external_id = 'm1'") == (
        "scheduled",
        0,
        None,
    )


def test_a_vanished_match_that_is_only_listed_again_is_no_longer_cancelled(db: Connection) -> None:
    vanished(db, 1, 2)
    send(db, snapshot("back", seen=3, ids=("m1", "m2"), parts=0, scope=["b2"]))
    assert one(db, "select status, absent_snapshots from matches where external_id = 'm1'") == ("scheduled", 0)


def test_a_document_that_shrank_by_more_than_a_fifth_is_refused_once_and_accepted_on_request(db: Connection) -> None:
    ids = tuple(f"m{n}" for n in range(10))
    send(db, snapshot("s0", seen=0, ids=ids, parts=0))
    assert send(db, snapshot("s1", seen=1, ids=ids[:8], parts=0)).state == "landed"
    refused = send(db, snapshot("s2", seen=2, ids=ids[:5], parts=0))
    assert refused.state == "refused"
    assert refused.reason is Refusal.SHRUNK
    assert "5 matches where 8 landed before" in refused.detail
    assert one(db, "select distinct synced_at from source_documents") == at(1)
    assert send(db, snapshot("s3", seen=3, ids=ids[:5], parts=0, accept_shrink=True)).state == "landed"
