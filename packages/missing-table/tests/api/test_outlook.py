"""Grid and outlook of a bracket as the API has them."""

from typing import Any

import httpx

from missing_table.forecasts.prove import prove_due

from .conftest import NOW


async def test_the_grid_has_every_match_that_is_not_cancelled_and_the_guests(api: httpx.AsyncClient, seed: Any) -> None:
    seed.execute("update matches set status = 'cancelled' where id = %s", [seed.matches["Bravo FC-Echo Rovers"]])
    grid = (await api.get(f"/api/brackets/{seed.northeast}/grid")).json()
    table = (await api.get(f"/api/brackets/{seed.northeast}/table")).json()
    assert [team["id"] for team in grid["teams"]] == [row["team"]["id"] for row in table["rows"]]
    assert [guest["name"] for guest in grid["guests"]] == ["Foxtrot SC"]
    cells = {cell["match_id"]: cell for cell in grid["matches"]}
    assert cells.keys() == {id for name, id in seed.matches.items() if name != "Bravo FC-Echo Rovers"}
    first, open_one = cells[seed.matches["Ajax SC-Bravo FC"]], cells[seed.matches["Delta United-Ajax SC"]]
    assert (first["home_score"], first["away_score"], first["status"]) == (2, 1, "completed")
    assert (open_one["home_score"], open_one["status"]) == (None, "scheduled")


async def test_a_record_is_there_both_ways_and_a_guests_side_is_not(api: httpx.AsyncClient, seed: Any) -> None:
    grid = (await api.get(f"/api/brackets/{seed.northeast}/grid")).json()
    found = {(one["team_id"], one["opponent_id"]): one for one in grid["head_to_head"]}
    ajax, bravo, delta, foxtrot = (seed.teams[name] for name in ("Ajax SC", "Bravo FC", "Delta United", "Foxtrot SC"))
    assert (found[ajax, bravo]["won"], found[ajax, bravo]["points"], found[bravo, ajax]["lost"]) == (1, 3, 1)
    assert found[delta, foxtrot]["goals_against"] == 5
    assert (foxtrot, delta) not in found


async def test_the_outlook_has_the_tables_order_and_a_range_around_every_position(
    api: httpx.AsyncClient, seed: Any
) -> None:
    path = f"/api/brackets/{seed.northeast}/outlook"
    unproved = (await api.get(path)).json()
    assert unproved["proved_at"] is None
    assert {(one["reachable"], one["to_secure_first"]) for one in unproved["teams"]} == {(None, None)}
    list(prove_due(seed.dsn, NOW))
    answer = await api.get(path)
    teams = answer.json()["teams"]
    assert [one["position"] for one in teams] == [1, 2, 3, 4, 5]
    assert all(one["reachable"]["best"] <= one["position"] <= one["reachable"]["worst"] for one in teams)
    by_name = {one["team"]["name"]: one for one in teams}
    ajax = by_name["Ajax SC"]
    assert (ajax["played"], ajax["left"]) == (2, 1)
    assert (ajax["streak"]["result"], ajax["streak"]["length"]) == ("L", 1)
    assert ajax["schedule_left"] == {"home": 0, "away": 1, "guests": 0, "opponents_points_per_match": 0.3333}
    assert by_name["Delta United"]["schedule_played"]["guests"] == 1
    assert by_name["Echo Rovers"]["streak"]["result"] is None
    again = await api.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_once_nothing_is_left_the_only_position_in_reach_is_the_tables(api: httpx.AsyncClient, seed: Any) -> None:
    seed.execute("update matches set status = 'cancelled' where home_score is null")
    list(prove_due(seed.dsn, NOW))
    for one in (await api.get(f"/api/brackets/{seed.northeast}/outlook")).json()["teams"]:
        assert one["reachable"] == {"best": one["position"], "worst": one["position"], "exact": True}
        assert one["left"] == 0


async def test_a_shoot_out_counts_in_flex_alone(api: httpx.AsyncClient, seed: Any) -> None:
    seed.execute(
        "update matches set home_shootout = 5, away_shootout = 4 where id = %s",
        [seed.matches["Córdoba <FC>-Delta United"]],
    )
    rows = (await api.get(f"/api/brackets/{seed.northeast}/table")).json()["rows"]
    assert {row["team"]["name"]: row["points"] for row in rows}["Delta United"] == 1


async def test_a_way_leads_to_the_position_that_it_promises(api: httpx.AsyncClient, seed: Any) -> None:
    path = f"/api/brackets/{seed.northeast}"
    ways = f"{path}/teams/{seed.teams['Ajax SC']}/ways"
    assert (await api.get(ways)).json()["best"] is None
    list(prove_due(seed.dsn, NOW))
    found = (await api.get(ways)).json()
    outlook = (await api.get(f"{path}/outlook")).json()["teams"]
    reachable = next(one["reachable"] for one in outlook if one["team"]["name"] == "Ajax SC")
    for end in ("best", "worst"):
        assert found[end]["position"] == reachable[end]
        rows = (await api.post(f"{path}/what-if", json={"results": found[end]["results"]})).json()["rows"]
        assert next(r["position"] for r in rows if r["team"]["name"] == "Ajax SC") == reachable[end]
    seed.execute("update brackets set version = version + 1 where id = %s", [seed.northeast])
    later = f"{ways}?kept-by=nobody"  # the version was raised without an event, which would drop the kept answer
    assert (await api.get(later)).json()["best"] is None, "what was proved of another version is not shown"


async def test_only_a_team_of_the_bracket_has_ways(api: httpx.AsyncClient, seed: Any) -> None:
    list(prove_due(seed.dsn, NOW))
    assert (await api.get(f"/api/brackets/{seed.northeast}/teams/999999/ways")).status_code == 404
    assert (await api.get("/api/brackets/999999/teams/1/ways")).status_code == 404


async def test_there_is_no_outlook_of_a_bracket_that_is_not_there(api: httpx.AsyncClient) -> None:
    for what in ("grid", "outlook", "history"):
        assert (await api.get(f"/api/brackets/999999/{what}")).status_code == 404
