"""The rules that the merge keeps (design, section 7), each by its name, against a real database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devstack.testing import Database
from devstack.testing.league_messages import at, batch, bracket, match, snapshot, snapshot_id, team, unread
from devstack.testing.league_state import one, state, wipe
from match_contract import Counts, Receipt, Refusal
from missing_table.ingest import deliver, land
from missing_table.ingest.places import Places

Connection = psycopg.Connection[Any]
SCORE = "select home_score, away_score, status from matches where external_id = %s"


def send(db: Connection, *messages: dict[str, Any]) -> Receipt:
    *_, last = [land(db, message) for message in messages]
    return last


def seen(db: Connection, *observations: dict[str, Any]) -> Receipt:
    """Each observation in a batch of its own, in this order."""
    return send(db, *(batch(item, of=f"{number}-{item['observed_at']}") for number, item in enumerate(observations)))


def test_a_first_observation_is_inserted_with_all_that_it_stands_on(db: Connection) -> None:
    receipt = seen(db, match())
    assert receipt.counts == Counts(inserted=1)
    assert receipt.by_target == {"u14-hg-northeast": Counts(inserted=1)}
    assert one(db, "select name, first_day::text, last_day::text from seasons") == (
        "2026-27",
        "2026-08-01",
        "2027-07-31",
    )
    assert db.execute("select external_id, name from teams order by 1").fetchall() == [
        ("s1", "Harbor 1 FC"),
        ("s2", "Harbor 2 FC"),
    ]
    assert one(db, "select v.name from matches m join venues v on v.id = m.venue_id") == "Quarry Park"
    assert one(db, "select home, away from match_brackets") == (True, True)


def test_a_replay_changes_nothing_and_returns_the_kept_receipt(db: Connection) -> None:
    first = send(db, snapshot(ids=("m1",)), batch(match(score=(2, 1))))
    before = state(db), one(db, "select count(*), max(id) from events")
    again = send(db, batch(match(score=(2, 1))))
    assert again == first.model_copy(update={"state": "replayed"})
    assert (state(db), one(db, "select count(*), max(id) from events")) == before


def test_the_same_content_seen_later_is_unchanged_and_bumps_no_bracket(db: Connection) -> None:
    seen(db, match(seen=0))
    version = one(db, "select version from brackets where external_id = 'b1'")
    assert seen(db, match(seen=5)).counts == Counts(unchanged=1)
    assert one(db, "select version from brackets where external_id = 'b1'") == version
    assert one(db, "select count(*) from match_changes") == 0


def test_a_score_is_that_of_the_newest_observation_that_carries_one(db: Connection) -> None:
    seen(db, match(seen=4, score=(3, 2)), match(seen=2, score=(2, 2)), match(seen=1))
    assert one(db, SCORE, "m1") == (3, 2, "completed")


def test_other_fields_are_those_of_the_newest_observation(db: Connection) -> None:
    seen(db, match(seen=3, local_date="2026-11-01", time_set=False), match(seen=2, local_date="2026-10-01"))
    assert one(db, "select local_date::text, time_set from matches") == ("2026-11-01", False)


def test_a_corrected_score_is_in_the_history(db: Connection) -> None:
    seen(db, match(seen=1, score=(2, 2)), match(seen=2, score=(3, 2)))
    assert one(db, "select field, old_value, new_value, batch_id is not null from match_changes") == (
        "score",
        "2-2",
        "3-2",
        True,
    )


def test_everything_that_counts_as_an_update_is_in_the_history(db: Connection) -> None:
    first = {"division": "Northeast", "round_number": 1, "event_id": "e1"}
    second = {
        "division": "Florida",
        "round_number": 2,
        "event_id": "e2",
        "competition": "Cup",
        "age_group": "U15",
        "league": "Flex",
        "away_brackets": ["b2"],
    }
    assert seen(db, match(seen=1, **first), match(seen=2, **second)).counts == Counts(updated=1)
    assert db.execute("select field, old_value, new_value from match_changes order by field").fetchall() == [
        ("age_group", "U14", "U15"),
        ("brackets", "Homegrown U14 Northeast", "Homegrown U14 Florida (away), Homegrown U14 Northeast (home)"),
        ("competition", None, "Cup"),
        ("division", "Northeast", "Florida"),
        ("event_id", "e1", "e2"),
        ("league", "Homegrown", "Flex"),
        ("round", "1", "2"),
    ]


def test_a_match_that_leaves_its_tables_and_comes_back_says_so(db: Connection) -> None:
    nowhere = {"home_brackets": [], "away_brackets": []}
    seen(db, match(seen=1), match(seen=2, **nowhere), match(seen=3))
    assert db.execute("select field, old_value, new_value from match_changes order by id").fetchall() == [
        ("brackets", "Homegrown U14 Northeast", None),
        ("brackets", None, "Homegrown U14 Northeast"),
    ]


def test_a_score_never_turns_back_into_none_and_the_disagreement_is_recorded_once(db: Connection) -> None:
    seen(db, match(seen=1, score=(2, 1)))
    assert seen(db, match(seen=2)).counts == Counts(protected=1)
    seen(db, match(seen=3), match(seen=4))
    assert one(db, SCORE, "m1") == (2, 1, "completed")
    assert one(db, "select field, kept_value, offered_value, reason, settled_at from match_conflicts") == (
        "score",
        "2-1",
        None,
        "score_withdrawn",
        None,
    )


def test_an_open_conflict_tells_the_score_that_is_kept_now(db: Connection) -> None:
    seen(db, match(seen=3), match(seen=1, score=(2, 1)), match(seen=2, score=(0, 0)))
    assert db.execute("select kept_value, settled_at from match_conflicts").fetchall() == [("0-0", None)]


def test_a_conflict_closes_when_the_source_comes_round(db: Connection) -> None:
    seen(db, match(seen=1, score=(2, 1)), match(seen=2), match(seen=3, score=(2, 1)))
    assert one(db, "select settled_at is not null, settlement from match_conflicts") == (True, "taken")


def test_a_conflict_that_a_person_settled_stays_settled(db: Connection) -> None:
    seen(db, match(seen=1, score=(2, 1)), match(seen=2))
    db.execute("update match_conflicts set settled_at = now(), settlement = 'kept', settled_by = gen_random_uuid()")
    seen(db, match(seen=3))
    assert one(db, "select count(*) from match_conflicts where settled_at is null") == 0


def test_equal_moments_are_settled_by_the_hash_whatever_the_order(db: Connection) -> None:
    one_way, other_way = match(seen=1, score=(1, 0)), match(seen=1, score=(0, 1))
    seen(db, one_way, other_way)
    first = state(db)
    assert one(db, "select field, reason, settled_at is not null from match_conflicts") == (
        "content",
        "same_moment",
        True,
    )
    wipe(db)
    seen(db, other_way, one_way)
    assert state(db) == first


@pytest.mark.parametrize(
    ("field", "kept", "offered"),
    [
        ("kick_off", {"kick_off": "2026-09-13T16:00:00+00:00"}, "2026-09-13T16:00:00Z"),
        ("venue", {"venue": {"external_id": "v2", "name": "Field 2"}}, "Field 2"),
        ("status", {"status": "postponed"}, "postponed"),
        ("teams", {"home": team(3)}, "Harbor 3 FC - Harbor 2 FC"),
    ],
)
def test_a_locked_field_stands_against_the_source(
    db: Connection, field: str, kept: dict[str, Any], offered: str
) -> None:
    seen(db, match(seen=1))
    before = one(db, "select kick_off, venue_id, status, home_team_id from matches")
    db.execute("insert into match_locks (match_id, field) select id, %s from matches", [field])
    assert seen(db, match(seen=2, **kept)).counts == Counts(protected=1)
    assert one(db, "select kick_off, venue_id, status, home_team_id from matches") == before
    assert one(db, "select field, offered_value, reason from match_conflicts") == (field, offered, "locked")
    db.execute("delete from match_locks")
    assert seen(db, match(seen=3, **kept)).counts == Counts(updated=1)
    assert one(db, "select count(*) from match_conflicts where settled_at is null") == 0


def test_a_locked_score_stands_and_only_the_newest_offer_is_open(db: Connection) -> None:
    seen(db, match(seen=1, score=(2, 2)))
    db.execute("insert into match_locks (match_id, field) select id, 'score' from matches")
    db.execute("update matches set home_score = 5")
    seen(db, match(seen=2, score=(3, 2)), match(seen=3, score=(4, 2)))
    assert one(db, SCORE, "m1") == (5, 2, "completed")
    opened = "select kept_value, offered_value from match_conflicts where settled_at is null"
    assert one(db, opened) == ("5-2", "4-2")


def test_while_a_match_is_live_by_hand_the_source_does_not_touch_its_score(db: Connection) -> None:
    seen(db, match(seen=1))
    db.execute("update matches set status = 'live', home_score = 1, away_score = 0")
    assert seen(db, match(seen=2, score=(2, 0))).counts == Counts(protected=1)
    assert one(db, SCORE, "m1") == (1, 0, "live")
    assert {row[0] for row in db.execute("select field from match_conflicts")} == {"score", "status"}


def test_a_moved_match_leaves_its_old_table_and_both_tables_have_new_versions(db: Connection) -> None:
    seen(db, match(seen=1))
    versions = dict(db.execute("select external_id, version from brackets").fetchall())
    seen(db, match(seen=2, home_brackets=["b2"], away_brackets=["b2"]))
    assert one(db, "select b.external_id from match_brackets mb join brackets b on b.id = mb.bracket_id") == "b2"
    after = dict(db.execute("select external_id, version from brackets").fetchall())
    assert {key: after[key] - versions[key] for key in after} == {"b1": 1, "b2": 1}


def test_a_match_counts_in_each_sides_own_table(db: Connection) -> None:
    seen(db, match(home_brackets=["b1"], away_brackets=["b2"]))
    assert db.execute(
        "select b.external_id, home, away from match_brackets mb join brackets b on b.id = mb.bracket_id order by 1"
    ).fetchall() == [("b1", True, False), ("b2", False, True)]


def test_two_matches_of_the_same_teams_at_the_same_home_are_two(db: Connection) -> None:
    assert send(db, batch(match("m1"), match("m2"))).counts == Counts(inserted=2)


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


def test_one_malformed_match_goes_to_the_quarantine_and_the_rest_of_its_batch_lands(db: Connection) -> None:
    bad = match("m2", kick_off="tomorrow")
    receipt = send(db, batch(match("m1"), bad, match("m3")))
    assert receipt.counts == Counts(inserted=2, rejected=1)
    assert [(item.external_id, item.reason) for item in receipt.rejections] == [("m2", "malformed")]
    assert one(db, "select external_id, reason, payload, seen from ingest_rejections") == ("m2", "malformed", bad, 1)
    assert "kick_off" in one(db, "select detail from ingest_rejections")


def test_the_same_bad_match_every_day_is_one_row_that_counts(db: Connection) -> None:
    seen(db, match(seen=1, timezone="Mars/Olympus"), match(seen=2, timezone="Mars/Olympus"))
    assert one(db, "select seen, state from ingest_rejections") == (2, "open")


def test_what_the_reader_refused_keeps_the_readers_reason_every_day_in_one_row(db: Connection) -> None:
    receipt = send(db, batch(unread("m1"), match("m2")))
    assert receipt.counts == Counts(inserted=1, rejected=1)
    assert receipt.by_target["u14-hg-northeast"].rejected == 1
    send(db, batch(unread("m1", seen=24, detail="events[4].home_score: Expected int"), of="s2"))
    kept = one(db, "select source, external_id, reason, detail, seen from ingest_rejections")
    assert kept == ("assist", "m1", "bad_field", "events[4].home_score: Expected int", 2)


def test_a_reason_of_the_reader_that_is_none_is_malformed(db: Connection) -> None:
    receipt = send(db, batch(unread(reason="no word of a set"), match("m2")))
    (rejection,) = receipt.rejections
    assert (receipt.counts.inserted, rejection.reason) == (1, "malformed")
    assert rejection.detail.startswith("rejected: reason")


@pytest.mark.parametrize("refused", [unread("m1", seen=1), match("m1", seen=1, home={"name": "Somebody"})])
@pytest.mark.parametrize("landed_first", [False, True])
@pytest.mark.parametrize(("landed_at", "state"), [(0, "open"), (1, "replayed"), (2, "replayed")])
def test_a_rejection_is_settled_by_the_landing_of_its_match_from_no_older_document(
    db: Connection, refused: dict[str, Any], landed_first: bool, landed_at: float, state: str
) -> None:
    messages = [batch(refused, of="refused"), batch(match("m1", seen=landed_at), match("m2"), of="landed")]
    for message in reversed(messages) if landed_first else messages:
        send(db, message)
    assert one(db, "select state, settled_at is null from ingest_rejections") == (state, state == "open")


@pytest.mark.parametrize("landed_first", [False, True])
@pytest.mark.parametrize(("landed_at", "state"), [(1, "open"), (2, "replayed")])
def test_what_stood_twice_is_settled_by_a_newer_document_alone(
    db: Connection, landed_first: bool, landed_at: float, state: str
) -> None:
    messages = [batch(unread(seen=1, reason="duplicate"), of="twice"), batch(match(seen=landed_at), of="landed")]
    for message in reversed(messages) if landed_first else messages:
        send(db, message)
    assert one(db, "select state from ingest_rejections") == state


def test_another_seasons_match_of_the_same_number_settles_nothing(db: Connection) -> None:
    send(db, batch(unread("m1")))
    send(db, batch(match("m1", seen=1, season="2025-26", home_brackets=[], away_brackets=[]), of="s2"))
    assert one(db, "select state from ingest_rejections") == "open"


def test_a_rejection_that_says_nothing_of_its_season_or_moment_stays_and_stops_nobody(db: Connection) -> None:
    send(db, batch(match(season="x\x00"), match(observed_at="soon", home={"name": "x"}), of="s1"))
    assert send(db, batch(match(seen=9), of="s2")).counts == Counts(inserted=1)
    assert one(db, "select count(*) from ingest_rejections where state = 'open'") == 2


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"home_score": 1}, "malformed"),
        ({"home": {"name": "Somebody"}}, "unknown_team"),
        ({"home_brackets": ["b9"]}, "unknown_bracket"),
        ({"away": team(1)}, "malformed"),
        ({"home": team(1, crest_url="http://x/\x00")}, "malformed"),
        ({"target": "a\x00b"}, "malformed"),
        ({"status": "played"}, "malformed"),
    ],
)
def test_what_cannot_land_is_rejected_with_its_reason(db: Connection, wrong: dict[str, Any], reason: str) -> None:
    receipt = send(db, batch(match("m1", **wrong), match("m2")))
    assert receipt.counts == Counts(inserted=1, rejected=1)
    assert [item.reason for item in receipt.rejections] == [reason]


def test_an_id_twice_in_one_batch_lands_once_and_the_older_one_is_rejected(db: Connection) -> None:
    receipt = send(db, batch(match(seen=2, score=(1, 0)), match(seen=1), match(seen=2, score=(1, 0))))
    assert receipt.counts == Counts(inserted=1, unchanged=1, rejected=1)
    assert [item.reason for item in receipt.rejections] == ["duplicate_id"]
    assert one(db, SCORE, "m1") == (1, 0, "completed")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (batch(match(), schema_version="2.0"), "schema_version"),
        (batch(match(), run_id="x"), "malformed"),
        (batch(*[match(f"m{n}") for n in range(501)]), "too_many"),
        ({"kind": "gossip"}, "malformed"),
        ([1, 2], "malformed"),
        (snapshot(site="a\x00b"), "malformed"),
    ],
)
def test_a_message_that_is_wrong_as_a_whole_is_kept_whole(db: Connection, message: Any, reason: str) -> None:
    receipt = send(db, message)
    assert (receipt.state, receipt.rejections[0].reason) == ("refused", reason)
    assert one(db, "select payload, reason from ingest_rejections") == (message, reason)
    assert one(db, "select count(*) from matches") == 0


def test_a_refused_message_is_judged_again_when_it_comes_again(db: Connection) -> None:
    refused = batch(match(), schema_version="2.0")
    send(db, refused)
    assert send(db, refused | {"schema_version": "1.0"}).state == "landed"
    assert one(db, "select state, inserted from ingest_batches") == ("landed", 1)


def test_a_newer_minor_version_is_read(db: Connection) -> None:
    assert send(db, batch(match(weather="fog"), schema_version="1.9")).counts == Counts(inserted=1)


def test_an_alias_that_is_added_or_removed_holds_for_the_next_message_of_the_same_worker(db: Connection) -> None:
    memory = Places()
    one_name = {"name": "Harbour One", "age_label": "U14", "club_id": "h1"}
    home = "select t.name from matches m join teams t on t.id = m.home_team_id where m.external_id = 'x1'"
    told: list[str] = []
    for hour, change in enumerate(
        (
            "select 1",
            "insert into team_aliases (alias, team_id) select 'Harbour One', id from teams where external_id = 's1'",
            "delete from team_aliases",
        )
    ):
        land(db, batch(match("m1"), of=f"ids {hour}"), memory)
        db.execute(change)
        land(db, batch(match("x1", seen=hour, home=one_name), of=f"names {hour}"), memory)
        told.append(one(db, home))
    assert told == ["Harbour One", "Harbor 1 FC", "Harbour One"]


def test_names_without_ids_are_resolved_by_aliases(db: Connection) -> None:
    seen(db, match("m0"))
    old = match("x1", source="modular11", home={"name": "Harbour One", "age_label": "U14"}, home_brackets=[])
    old |= {"away": {"name": "Quarry SC", "age_label": "U14", "club_id": "901"}, "away_brackets": []}
    assert send(db, batch(old, of="a")).rejections[0].detail == (
        "no team is called 'Harbour One': add an alias and replay"
    )
    db.execute("insert into team_aliases (alias, team_id) select 'Harbour One', id from teams where external_id = 's1'")
    assert send(db, batch(old, of="b")).counts == Counts(inserted=1)
    assert (
        one(db, "select t.external_id from matches m join teams t on t.id = home_team_id where m.source = 'modular11'")
        == "s1"
    )


def test_a_team_that_changed_its_name_is_renamed_by_the_newest_observation_alone(db: Connection) -> None:
    new, old = team(1, name="Harbor United"), team(1, name="Harbor Old")
    seen(db, match(seen=2), match("m2", seen=3, home=new), match("m3", seen=1, home=old))
    assert one(db, "select name from teams where external_id = 's1'") == "Harbor United"


def test_the_run_report_is_kept(db: Connection) -> None:
    report = {
        "kind": "run_report",
        "run_id": snapshot_id("run"),
        "started_at": at(0).isoformat(),
        "ended_at": at(1).isoformat(),
        "exit_code": 0,
        "model": "m",
        "tokens_in": 5,
        "tokens_out": 2,
        "targets": [{"target": "t", "outcome": "landed", "planned": 3}],
    }
    assert send(db, report).state == "landed"
    assert one(db, "select exit_code, tokens_in, cost_micro_usd, targets -> 0 ->> 'planned' from runs") == (
        0,
        5,
        None,
        "3",
    )


def test_events_follow_the_commits_and_wake_the_listener(db: Connection, database: Database) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as listener:
        listener.execute("listen events")
        send(db, snapshot(ids=("m1",)), batch(match()))
        told = [int(note.payload) for note in listener.notifies(timeout=60, stop_after=2)]
    assert told == sorted(told)
    assert told[-1] == one(db, "select max(id) from events")
    assert [row[0] for row in db.execute("select distinct kind from events order by 1")] == ["bracket", "landed"]


def test_the_same_batch_by_two_workers_at_once_lands_once(database: Database) -> None:
    message = batch(*[match(f"m{n}") for n in range(50)])
    with ThreadPoolExecutor(4) as pool:
        receipts = list(pool.map(lambda _: deliver(message, dsn=database.dsn), range(4)))
    assert sorted(receipt.state for receipt in receipts) == ["landed", "replayed", "replayed", "replayed"]


def test_workers_that_race_for_the_same_new_matches_lose_none(database: Database) -> None:
    messages = [batch(*[match(f"m{n}", seen=hour) for n in range(40)], of=f"s{hour}") for hour in range(6)]
    with ThreadPoolExecutor(6) as pool:
        receipts = list(pool.map(lambda message: deliver(message, dsn=database.dsn), messages))
    assert sum((receipt.counts for receipt in receipts), start=Counts()).landed == 240
    assert sum(receipt.counts.inserted for receipt in receipts) == 40
    with psycopg.connect(database.dsn) as db:
        assert one(db, "select count(*), min(observed_at), max(observed_at) from matches") == (40, at(5), at(5))


def test_the_last_two_parts_at_once_land_the_document(database: Database) -> None:
    deliver(snapshot(ids=("m1", "m2"), parts=2), dsn=database.dsn)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda n: deliver(batch(match(f"m{n}"), part=n, parts=2), dsn=database.dsn), (1, 2)))
    with psycopg.connect(database.dsn) as db:
        assert one(db, "select count(*) from source_documents") == 2


observations = st.builds(
    lambda ids, hour, changes: (ids, hour, changes),
    st.sets(st.sampled_from(["m1", "m2", "m3"])),
    st.integers(0, 4),
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "score": st.sampled_from([None, (0, 0), (2, 1), (1, 3)]),
                "local_date": st.sampled_from(["2026-09-12", "2026-10-03"]),
                "venue": st.sampled_from(
                    [None, {"external_id": "v1", "name": "A"}, {"external_id": "v1", "name": "B"}]
                ),
                "home": st.sampled_from([team(1), team(1, name="Harbor Renamed"), team(3)]),
                "home_brackets": st.sampled_from([["b1"], ["b2"], ["b1", "b2"], []]),
            },
        ),
        min_size=3,
        max_size=3,
    ),
)


def messages_of(found: list[Any]) -> list[dict[str, Any]]:
    """Snapshots with one batch a match, each document its own moment or sharing one with another."""
    sent: list[dict[str, Any]] = []
    for number, (ids, hour, changes) in enumerate(found):
        name, listed = f"doc{number}", sorted(ids)
        standings = {"b1": [1, 2] if number % 2 else [2, 1], "b2": [3] if number % 3 else []}
        sent.append(
            snapshot(name, seen=hour, ids=tuple(listed), parts=len(listed), standings=standings, accept_shrink=True)
        )
        for part, external_id in enumerate(listed, 1):
            changed = {key: value for key, value in changes[part - 1].items() if key != "status"}
            item = match(external_id, seen=hour, **changed)
            sent.append(batch(item, of=name, part=part, parts=len(listed)))
    return sent


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(observations, min_size=2, max_size=4), data=st.data())
def test_the_result_does_not_depend_on_order_duplication_or_redelivery(
    db: Connection, found: list[Any], data: st.DataObject
) -> None:
    messages = messages_of(found)
    wipe(db)
    send(db, *messages)
    in_order = state(db)
    wipe(db)
    again = data.draw(st.lists(st.sampled_from(messages), max_size=4), label="delivered twice")
    send(db, *data.draw(st.permutations(messages + again), label="arrival"))
    assert state(db) == in_order


def test_brackets_of_one_name_in_two_leagues_are_two(db: Connection) -> None:
    brackets = [bracket("b1"), bracket("f1", league="Flex")]
    flex = match("m2", league="Flex", home_brackets=["f1"], away_brackets=["f1"])
    assert send(db, batch(match(), flex, brackets=brackets)).counts == Counts(inserted=2)
    assert (
        one(db, "select count(*) from bracket_teams where team_id = (select id from teams where external_id = 's1')")
        == 2
    )
