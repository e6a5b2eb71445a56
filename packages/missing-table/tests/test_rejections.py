"""What is turned away: kept with its reason, counted, and settled when its match lands after all."""

from __future__ import annotations

from typing import Any

import pytest

from devstack.testing.league_messages import batch, match, snapshot, team, unread
from devstack.testing.league_state import SCORE, Connection, one, seen, send
from match_contract import Counts


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
