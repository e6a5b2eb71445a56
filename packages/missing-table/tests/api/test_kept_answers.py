"""Answers are kept by version, compared weakly, and dropped when the listener stops hearing."""

from typing import Any

import pytest
from fastapi import FastAPI

from devstack.testing.waiting import until_async
from match_contract import League
from missing_table.kept import Kept, KeptAnswers
from missing_table.server.app import create_app
from missing_table.tables.build import build_table
from missing_table.tables.kept import KeptTable, KeptTables, version_of
from missing_table.tables.queries import Standing
from missing_table.tables.schemas import Bracket
from missing_table.web.answers import matches_etag
from missing_table.web.state import State

from .conftest import running, settings_for

ANSWER = Kept('W/"1"', b"{}")


def state_of(app: FastAPI) -> State:
    state: State = app.state.missing_table
    return state


def bump(seed: Any, bracket: int) -> None:
    """What a merge does at its end."""
    seed.execute(
        "with b as (update brackets set version = version + 1 where id = %s returning id, version), "
        "e as (insert into events (kind, bracket_id, version) select 'bracket', id, version from b returning id) "
        "select pg_notify('events', max(id)::text) from e",
        [bracket],
    )


@pytest.mark.parametrize(
    ("header", "same"),
    [('W/"a"', True), ('"a"', True), ('"x", W/"a"', True), ("*", True), ('"b"', False), ("", False), (None, False)],
)
def test_validators_are_compared_weakly(header: str | None, same: bool) -> None:
    assert matches_etag(header, 'W/"a"') is same


def test_nothing_is_kept_before_the_listener_hears() -> None:
    kept = KeptAnswers()
    kept.keep(1, "table", 1, ANSWER, ticket=kept.ticket())
    assert kept.get(1, "table") is None


def test_an_answer_of_an_older_version_than_was_heard_of_is_not_kept() -> None:
    kept = KeptAnswers()
    kept.hear()
    ticket = kept.ticket()
    kept.rise(1, 3)
    kept.keep(1, "table", 2, ANSWER, ticket=ticket)
    assert kept.get(1, "table") is None
    kept.keep(1, "table", 3, ANSWER, ticket=ticket)
    assert kept.get(1, "table") is ANSWER
    kept.rise(1, 4)
    assert kept.get(1, "table") is None


def test_an_answer_begun_before_the_connection_was_lost_is_not_kept() -> None:
    kept = KeptAnswers()
    kept.hear()
    ticket = kept.ticket()
    kept.lose()
    kept.hear()
    kept.keep(1, "table", 1, ANSWER, ticket=ticket)
    assert kept.get(1, "table") is None


async def test_a_table_is_304_until_its_version_rises(seed: Any) -> None:
    app = create_app(settings_for(seed.dsn))
    path = f"/api/brackets/{seed.northeast}/table"
    async with running(app) as client:
        await until_async(lambda: state_of(app).kept.trusted)
        first = await client.get(path)
        etag = first.headers["etag"]
        assert etag.startswith('W/"')
        assert first.headers["cache-control"] == "public, max-age=0, s-maxage=60"
        assert (await client.get(path)).content == first.content
        again = await client.get(path, headers={"If-None-Match": etag.removeprefix("W/")})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)

        seed.execute("update matches set home_score = 7 where id = %s", [seed.matches["Ajax SC-Bravo FC"]])
        bump(seed, seed.northeast)

        async def changed() -> bool:
            return (await client.get(path, headers={"If-None-Match": etag})).status_code == 200

        await until_async(changed)
        goals = {row["team"]["name"]: row["goals_for"] for row in (await client.get(path)).json()["rows"]}
        assert goals["Ajax SC"] == 8


async def test_matches_of_a_bracket_have_a_validator_too(seed: Any) -> None:
    path = f"/api/brackets/{seed.northeast}/matches"
    async with running(create_app(settings_for(seed.dsn))) as client:
        etag = (await client.get(path)).headers["etag"]
        assert (await client.get(path, headers={"If-None-Match": etag})).status_code == 304


async def test_without_a_listener_nothing_stale_is_served(seed: Any) -> None:
    app = create_app(settings_for(seed.dsn, database_direct_url="postgresql://nobody@127.0.0.1:1/none"))
    path = f"/api/brackets/{seed.northeast}/table"
    async with running(app) as client:
        first = await client.get(path)
        assert not state_of(app).kept.trusted
        assert (await client.get(path, headers={"If-None-Match": first.headers["etag"]})).status_code == 304
        seed.execute("update matches set home_score = 7 where id = %s", [seed.matches["Ajax SC-Bravo FC"]])
        seed.execute("update brackets set version = version + 1")
        assert (await client.get(path, headers={"If-None-Match": first.headers["etag"]})).status_code == 200


async def test_pages_that_show_rows_of_tables_follow_their_versions_and_read_none_twice(seed: Any) -> None:
    app = create_app(settings_for(seed.dsn, database_direct_url="postgresql://nobody@127.0.0.1:1/none"))
    club, team = f"/api/clubs/{seed.clubs['Ajax SC']}", f"/api/teams/{seed.teams['Ajax SC']}"
    async with running(app) as client:

        async def goals() -> list[int]:
            rows = [one["row"] for one in (await client.get(club)).json()["teams"]]
            rows += [one["row"] for one in (await client.get(team)).json()["standings"]]
            return [row["goals_for"] for row in rows]

        before = await goals()
        kept = dict(state_of(app).cache(KeptTables).tables)
        assert len(kept) == 1
        assert await goals() == before
        seed.execute("update matches set home_score = 7 where id = %s", [seed.matches["Ajax SC-Bravo FC"]])
        assert await goals() == before, "made anew though the version is the same"
        seed.execute("update brackets set version = version + 1")
        assert await goals() == [8] * len(before) != before
        seed.execute("update brackets set synced_at = synced_at + interval '1 hour'")
        (shown,) = {one["bracket"]["synced_at"] for one in (await client.get(club)).json()["teams"]}
        assert shown == seed.value("select to_char(synced_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
                                   " from brackets where id = %s", [seed.northeast])  # fmt: skip


async def test_a_list_of_brackets_counts_anew_what_has_a_new_version(seed: Any) -> None:
    app = create_app(settings_for(seed.dsn, database_direct_url="postgresql://nobody@127.0.0.1:1/none"))
    async with running(app) as client:

        async def played() -> dict[int, int]:
            return {one["id"]: one["played"] for one in (await client.get("/api/brackets")).json()["items"]}

        before = await played()
        alone = {one: (await client.get(f"/api/brackets/{one}")).json()["played"] for one in before}
        assert alone == before
        both = {"home_brackets": [seed.northeast], "away_brackets": [seed.northeast]}
        seed.match("Echo Rovers", "Ajax SC", "2026-08-15", (1, 0), **both)
        seed.execute("update brackets set version = version + 1 where id = %s", [seed.northeast])
        assert await played() == before | {seed.northeast: before[seed.northeast] + 1}


def test_kept_tables_are_bounded_and_the_one_asked_for_longest_ago_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("missing_table.tables.kept.MOST_TABLES", 2)
    kept = KeptTables()
    standings = [Standing(bracket_of(number), {}, [], []) for number in (1, 2, 3)]
    tables = [KeptTable(standing, build_table(standing)) for standing in standings]
    first, second, third = (version_of(standing.bracket) for standing in standings)
    kept.put(tables[0])
    kept.put(tables[1])
    assert kept.get(first) is tables[0]
    kept.put(tables[2])
    assert (kept.get(first), kept.get(second), kept.get(third)) == (tables[0], None, tables[2])
    assert kept.get(first._replace(version=2)) is None
    kept.drop()
    assert kept.get(first) is None


def bracket_of(number: int) -> Bracket:
    return Bracket(id=number, season="2026-27", league=League.HOMEGROWN, division="Northeast", age_group="U14",
                   computed=True, synced_at=None, teams=0, matches=0, played=0, path="/", version=1)  # fmt: skip


async def test_a_listener_that_is_cut_off_drops_everything_and_comes_back(seed: Any) -> None:
    app = create_app(settings_for(seed.dsn))
    path = f"/api/brackets/{seed.northeast}/table"
    async with running(app) as client:
        await until_async(lambda: state_of(app).kept.trusted)
        await client.get(path)
        seed.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and application_name = 'missing-table listener'"
        )
        await until_async(lambda: not state_of(app).kept.trusted)
        assert state_of(app).kept.get(seed.northeast, ("table", None, "all")) is None
        await until_async(lambda: state_of(app).kept.trusted)
        assert (await client.get(path)).status_code == 200
