"""Each rule of the merge for whatever comes in whatever order: the rule, written down a second time
in a few lines of Python, says what must be stored.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devstack.testing.league_messages import at, batch, bracket, match, snapshot, snapshot_id, team
from devstack.testing.league_state import one, state, wipe
from match_contract import Match, content_hash
from missing_table.ingest import land

Connection = psycopg.Connection[Any]
Observation = dict[str, Any]
rule = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
HELD = "2026-12-24"
TABLE_OF_NAMES = {"home_brackets": ["x1"], "away_brackets": ["x1"]}


def stamp(observation: Observation) -> tuple[datetime, str]:
    """What makes one observation newer than another."""
    whole = Match.model_validate(observation)
    return whole.observed_at, content_hash(whole)


def scored(observations: list[Observation]) -> list[Observation]:
    return [item for item in observations if item["home_score"] is not None]


def deliver_each(db: Connection, observations: list[Observation]) -> None:
    """Each in a batch of its own; an equal one is the same batch again."""
    for item in observations:
        land(db, batch(item, of=f"{item['external_id']} {stamp(item)}"))


def text(score: Observation) -> str:
    return f"{score['home_score']}-{score['away_score']}"


observation = st.builds(
    lambda hour, score, day, venue, status: match(
        seen=hour,
        score=score,
        local_date=day,
        venue=venue,
        **({} if score or status is None else {"status": status}),
    ),
    st.integers(1, 4),
    st.sampled_from([None, (0, 0), (2, 1), (1, 3)]),
    st.sampled_from(["2026-09-12", "2026-10-03", "2026-11-01"]),
    st.sampled_from([None, {"external_id": "v1", "name": "Quarry Park"}, {"external_id": "v2", "name": "Field 2"}]),
    st.sampled_from([None, "postponed", "tbd", "cancelled"]),
)
observations = st.lists(observation, min_size=1, max_size=6)
STORED = """
select m.home_score, m.away_score, m.status, m.local_date::text, v.external_id, m.observed_at, m.content_hash
from matches m left join venues v on v.id = m.venue_id
"""
OPEN = "select field, kept_value, offered_value, reason from match_conflicts where settled_at is null order by field"


@rule
@given(found=observations)
def test_the_score_is_the_newest_that_any_observation_carries_and_the_rest_is_the_newest_observations(
    db: Connection, found: list[Observation]
) -> None:
    wipe(db)
    deliver_each(db, found)
    newest = max(found, key=stamp)
    best = max(scored(found), key=stamp, default=None)
    assert one(db, STORED) == (
        best["home_score"] if best else None,
        best["away_score"] if best else None,
        best["status"] if best else newest["status"],
        newest["local_date"],
        newest["venue"]["external_id"] if newest["venue"] else None,
        *stamp(newest),
    )


@rule
@given(found=observations)
def test_a_score_that_the_newest_observation_withdrew_is_one_open_conflict_and_no_other_is(
    db: Connection, found: list[Observation]
) -> None:
    wipe(db)
    deliver_each(db, found)
    newest, best = max(found, key=stamp), max(scored(found), key=stamp, default=None)
    withdrawn = best is not None and newest["home_score"] is None
    expected = [("score", text(best), None, "score_withdrawn")] if best is not None and withdrawn else []
    assert db.execute(OPEN).fetchall() == expected


@rule
@given(found=observations)
def test_once_scored_a_match_is_never_without_its_score_nor_anything_but_completed(
    db: Connection, found: list[Observation]
) -> None:
    wipe(db)
    for number in range(len(found)):
        deliver_each(db, found[number : number + 1])
        score, status = one(db, "select home_score, status from matches")
        assert (score is not None) == bool(scored(found[: number + 1]))
        assert (status == "completed") == (score is not None)


@rule
@given(
    scores=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=4, unique=True),
    data=st.data(),
)
def test_observations_of_one_moment_are_settled_by_the_hash_and_each_loser_of_the_newest_is_noted_once(
    db: Connection, scores: list[tuple[int, int]], data: st.DataObject
) -> None:
    wipe(db)
    moments = st.integers(1, 2)
    found = [match(seen=data.draw(moments, label=f"seen {score}"), score=score) for score in scores]
    deliver_each(db, found)
    deliver_each(db, found)
    winner = max(found, key=stamp)
    assert one(db, "select home_score, away_score, content_hash from matches") == (
        winner["home_score"],
        winner["away_score"],
        stamp(winner)[1],
    )
    notes = db.execute(
        "select kept_value, offered_value, settled_at is not null from match_conflicts where reason = 'same_moment'"
    ).fetchall()
    (moment, best) = stamp(winner)
    losers = {stamp(item)[1] for item in found if stamp(item)[0] == moment} - {best}
    assert sorted(notes) == sorted((best, loser, True) for loser in losers)


@rule
@given(found=observations, data=st.data())
def test_a_replay_of_any_part_of_it_changes_nothing(
    db: Connection, found: list[Observation], data: st.DataObject
) -> None:
    wipe(db)
    deliver_each(db, found)
    counts = "select (select count(*) from match_changes), (select count(*) from match_conflicts), max(id) from events"
    before = state(db), one(db, counts)
    deliver_each(db, data.draw(st.lists(st.sampled_from(found), max_size=6), label="again"))
    land(db, batch(max(found, key=stamp), of="the newest again, by another run"))
    assert (state(db), one(db, counts)) == before


@rule
@given(found=observations)
def test_a_locked_field_stands_and_the_newest_offer_against_it_is_the_one_open_conflict(
    db: Connection, found: list[Observation]
) -> None:
    wipe(db)
    deliver_each(db, [match(seen=0)])
    db.execute("update matches set local_date = %s", [HELD])
    db.execute("insert into match_locks (match_id, field) select id, 'kick_off' from matches")
    deliver_each(db, found)
    newest, best = max(found, key=stamp), max(scored(found), key=stamp, default=None)
    assert one(db, "select local_date::text, home_score from matches") == (HELD, best["home_score"] if best else None)
    opened = db.execute(
        "select offered_value, reason from match_conflicts where field = 'kick_off' and settled_at is null"
    ).fetchall()
    (moment,) = db.execute(
        "select match_moment(%s, %s, true)", [newest["kick_off"], newest["local_date"]]
    ).fetchone() or ("",)
    assert opened == [(moment, "locked")]


@rule
@given(found=observations)
def test_a_locked_score_stands_whatever_the_source_says(db: Connection, found: list[Observation]) -> None:
    wipe(db)
    deliver_each(db, [match(seen=0, score=(4, 4))])
    db.execute("update matches set home_score = 7")
    db.execute("insert into match_locks (match_id, field) select id, 'score' from matches")
    deliver_each(db, found)
    best = max(scored(found), key=stamp, default=None)
    assert one(db, "select home_score, away_score, status from matches") == (7, 4, "completed")
    expected = [("score", "7-4", text(best), "locked")] if best else []
    assert [row for row in db.execute(OPEN) if row[0] == "score"] == expected


@rule
@given(found=observations)
def test_while_a_match_is_live_by_hand_its_score_and_status_are_the_hands(
    db: Connection, found: list[Observation]
) -> None:
    wipe(db)
    deliver_each(db, [match(seen=0)])
    db.execute("update matches set status = 'live', home_score = 1, away_score = 0")
    deliver_each(db, found)
    assert one(db, "select home_score, away_score, status from matches") == (1, 0, "live")
    assert one(db, "select local_date::text from matches") == max(found, key=stamp)["local_date"]


documents = st.lists(
    st.tuples(st.integers(1, 8), st.booleans()), min_size=1, max_size=5, unique_by=lambda item: item[0]
)


@rule
@given(listing=documents, seen=st.integers(0, 8), score=st.sampled_from([None, (1, 0)]), data=st.data())
def test_a_match_in_no_part_of_two_snapshots_running_is_flagged_and_cancelled_unless_it_was_scored(
    db: Connection,
    listing: list[tuple[int, bool]],
    seen: int,
    score: tuple[int, int] | None,
    data: st.DataObject,
) -> None:
    wipe(db)
    messages = [
        snapshot(f"doc{hour}", seen=hour, ids=("m1", "m2") if listed else ("m2",), parts=0, accept_shrink=True)
        for hour, listed in listing
    ]
    messages.append(batch(match("m1", seen=seen, score=score), of="seen"))
    for message in data.draw(st.permutations(messages), label="arrival"):
        land(db, message)
    newest_two = sorted(listing, reverse=True)[:2]
    present = [listed or at(seen) >= at(hour) for hour, listed in newest_two]
    absent = present.index(True) if any(present) else len(present)
    status = "completed" if score else ("cancelled" if absent == 2 else "scheduled")
    assert one(db, "select absent_snapshots, status from matches where external_id = 'm1'") == (absent, status)


@rule
@given(
    offset=st.integers(-12, 14),
    zone=st.sampled_from(["America/New_York", "America/Phoenix", "Pacific/Honolulu"]),
    minutes=st.integers(0, 400_000),
    time_set=st.booleans(),
)
def test_a_kick_off_is_kept_as_the_moment_that_it_is_with_its_zone_and_the_local_date_holds(
    db: Connection, offset: int, zone: str, minutes: int, time_set: bool
) -> None:
    wipe(db)
    moment = (at(0) + timedelta(minutes=minutes)).astimezone(timezone(timedelta(hours=offset)))
    said = {"kick_off": moment.isoformat() if time_set else None, "time_set": time_set, "timezone": zone}
    deliver_each(db, [match(seen=1, local_date=HELD, **said)])
    stored = one(db, "select kick_off, timezone, time_set, local_date::text from matches")
    assert stored == (moment if time_set else None, zone, time_set, HELD)


@rule
@given(sizes=st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=5))
def test_a_document_lands_unless_it_lost_more_than_a_fifth_of_what_last_landed(
    db: Connection, sizes: list[tuple[int, bool]]
) -> None:
    wipe(db)
    last: int | None = None
    for hour, (size, accepted) in enumerate(sizes):
        ids = tuple(f"m{number}" for number in range(size))
        receipt = land(db, snapshot(f"doc{hour}", seen=hour, ids=ids, parts=0, accept_shrink=accepted))
        believed = accepted or last is None or size >= 0.8 * last
        assert receipt.state == ("landed" if believed else "refused")
        last = size if believed else last
    assert one(db, "select count(*) from feed_snapshots where landed_at is not null") <= len(sizes)


@rule
@given(
    names=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["A", "B", "C"])), min_size=1, max_size=5),
    data=st.data(),
)
def test_identity_is_the_squads_id_and_its_newest_name_is_its_name(
    db: Connection, names: list[tuple[int, str]], data: st.DataObject
) -> None:
    wipe(db)
    found = [match(f"m{number}", seen=hour, home=team(1, name=name)) for number, (hour, name) in enumerate(names)]
    deliver_each(db, data.draw(st.permutations(found), label="arrival"))
    assert one(db, "select name from teams where external_id = 's1'") == max(names)[1]
    assert one(db, "select count(*) from matches") == len(names)
    assert one(db, "select count(distinct home_team_id) from matches") == 1


@rule
@given(
    pairs=st.lists(st.permutations(["Bay", "Cove", "Dune", "Elm"]), min_size=1, max_size=4),
    aliased=st.booleans(),
    data=st.data(),
)
def test_names_without_ids_land_in_whatever_order_snapshot_and_batches_come(
    db: Connection, pairs: list[list[str]], aliased: bool, data: st.DataObject
) -> None:
    """Whichever worker takes which part first: no match is rejected for want of a team that its own document lists."""

    def named(name: str) -> dict[str, str]:
        return {"name": name, "age_label": "U14"}

    wipe(db)
    land(db, batch(match(), of="a source with ids"))
    if aliased:
        db.execute("insert into team_aliases (alias, team_id) select 'Bay', id from teams where external_id = 's1'")
    names = sorted({name for home, away, *_ in pairs for name in (home, away)})
    rows = [{"team": named(name)} for name in names]
    parts = len(pairs)
    messages = [
        snapshot("names", source="modular11", parts=parts, brackets=[{**bracket("x1"), "teams": rows}]),
        *(
            batch(
                match(f"n{number}", source="modular11", home=named(home), away=named(away), **TABLE_OF_NAMES),
                of="names",
                part=number + 1,
                parts=parts,
                brackets=[bracket("x1")],
                teams=[named(name) for name in names],
            )
            for number, (home, away, *_) in enumerate(pairs)
        ),
    ]
    for message in data.draw(st.permutations(messages), label="arrival"):
        assert land(db, message).counts.rejected == 0
    teams = db.execute(
        "select h.name, a.name from matches m join teams h on h.id = home_team_id join teams a on a.id = away_team_id"
        " where m.source = 'modular11' order by m.external_id"
    ).fetchall()
    called = {"Bay": "Harbor 1 FC"} if aliased else {}
    assert teams == [(called.get(home, home), called.get(away, away)) for home, away, *_ in pairs]
    assert one(db, "select count(*) from teams where source = 'modular11'") == len(set(names) - set(called))


@rule
@given(parts=st.integers(1, 4), data=st.data())
def test_validators_are_current_with_the_last_part_whichever_comes_last(
    db: Connection, parts: int, data: st.DataObject
) -> None:
    wipe(db)
    messages = [snapshot(ids=tuple(f"m{n}" for n in range(parts)), parts=parts)]
    messages += [batch(match(f"m{n}"), part=n + 1, parts=parts) for n in range(parts)]
    arrival = data.draw(st.permutations(messages), label="arrival")
    for message in arrival[:-1]:
        land(db, message)
        assert one(db, "select count(*) from source_documents") == 0
    land(db, arrival[-1])
    assert one(db, "select count(*) from source_documents") == 2
    assert one(db, "select snapshot_id::text from feed_snapshots where landed_at is not null") == snapshot_id("s1")
