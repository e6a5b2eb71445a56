"""One message in one transaction: names, reports, events, races, and any order of arrival."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devstack.testing import Database
from devstack.testing.league_messages import at, batch, match, snapshot, snapshot_id, team
from devstack.testing.league_state import Connection, one, seen, send, state, wipe
from match_contract import Counts
from missing_table.ingest import deliver, land
from missing_table.ingest.known import Dimensions


def test_a_newer_minor_version_is_read(db: Connection) -> None:
    assert send(db, batch(match(weather="fog"), schema_version="1.9")).counts == Counts(inserted=1)


def test_an_alias_that_is_added_or_removed_holds_for_the_next_message_of_the_same_worker(db: Connection) -> None:
    memory = Dimensions()
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
