"""Who is a row of a table: who is listed, and who plays in it. Who left it and has no match there is none."""

from typing import Any

import httpx

from missing_table.server.app import create_app

from .conftest import running, settings_for

UNHEARD = "postgresql://nobody@127.0.0.1:1/none"
"""Nothing is kept that a change of the seed's own would have to take back."""


async def rows_of(api: httpx.AsyncClient, bracket: int) -> set[str]:
    found = (await api.get(f"/api/brackets/{bracket}/table")).json()
    assert found["bracket"]["teams"] == len(found["rows"]), "the list of brackets counts as the table does"
    assert (await api.get(f"/api/brackets/{bracket}")).json()["teams"] == len(found["rows"])
    return {row["team"]["name"] for row in found["rows"]}


async def test_who_is_not_listed_any_more_and_has_no_match_left_is_no_row(seed: Any) -> None:
    async with running(create_app(settings_for(seed.dsn, database_direct_url=UNHEARD))) as api:
        before = await rows_of(api, seed.northeast)
        moved = seed.team("Moved On FC", brackets=[seed.northeast])
        seed.execute("update brackets set version = version + 1")
        assert await rows_of(api, seed.northeast) == {*before, "Moved On FC"}, "listed without a match"
        seed.execute("update bracket_teams set listed = false where team_id = %s", [moved])
        seed.execute("update brackets set version = version + 1")
        assert await rows_of(api, seed.northeast) == before
        both = {"home_brackets": [seed.northeast], "away_brackets": [seed.northeast]}
        match = seed.match("Moved On FC", "Ajax SC", "2026-11-15", **both)
        seed.execute("update brackets set version = version + 1")
        assert await rows_of(api, seed.northeast) == {*before, "Moved On FC"}, "not listed, and plays"
        seed.execute("update matches set status = 'cancelled' where id = %s", [match])
        seed.execute("update brackets set version = version + 1")
        assert await rows_of(api, seed.northeast) == before
