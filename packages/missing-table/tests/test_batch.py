"""What a batch of matches does to what is stored: the rules of the merge, each by its name."""

from __future__ import annotations

from typing import Any

import pytest

from devstack.testing.league_messages import batch, bracket, match, snapshot, team
from devstack.testing.league_state import SCORE, Connection, one, seen, send, state, wipe
from match_contract import Counts


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
        "away_brackets": ["b2"],
    }
    assert seen(db, match(seen=1, **first), match(seen=2, **second)).counts == Counts(updated=1)
    assert db.execute("select field, old_value, new_value from match_changes order by field").fetchall() == [
        ("age_group", "U14", "U15"),
        ("brackets", "Homegrown U14 Northeast", "Homegrown U14 Florida (away), Homegrown U14 Northeast (home)"),
        ("competition", None, "Cup"),
        ("division", "Northeast", "Florida"),
        ("event_id", "e1", "e2"),
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


def test_brackets_of_one_name_in_two_leagues_are_two(db: Connection) -> None:
    brackets = [bracket("b1"), bracket("f1", league="Flex")]
    flex = match("m2", league="Flex", home_brackets=["f1"], away_brackets=["f1"])
    assert send(db, batch(match(), flex, brackets=brackets)).counts == Counts(inserted=2)
    assert (
        one(db, "select count(*) from bracket_teams where team_id = (select id from teams where external_id = 's1')")
        == 2
    )


def test_one_number_in_two_leagues_is_two_matches(db: Connection) -> None:
    brackets = [bracket("b1"), bracket("f1", league="Flex")]
    flex = {"league": "Flex", "home_brackets": ["f1"], "away_brackets": ["f1"]}
    first = batch(match(score=(1, 1)), match(score=(4, 0), **flex), brackets=brackets)
    assert send(db, first).counts == Counts(inserted=2)
    again = batch(match(seen=1, score=(1, 1)), match(seen=1, score=(5, 0), **flex), of="s2", brackets=brackets)
    assert send(db, again).counts == Counts(updated=1, unchanged=1)
    found = db.execute(
        "select l.name, m.home_score from matches m join leagues l on l.id = m.league_id order by 1"
    ).fetchall()
    assert found == [("Flex", 5), ("Homegrown", 1)]


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 10**30])
def test_a_number_beyond_its_column_costs_its_match_alone(db: Connection, number: int) -> None:
    receipt = send(db, batch(match("m1", round_number=number), match("m2", round_number=2**31 - 1)))
    assert receipt.counts == Counts(inserted=1, rejected=1)
    assert "round_number" in receipt.rejections[0].detail
