"""Every public route answers in the shape that it names; what is not there is a 404 in the one error shape."""

import json
from typing import Any

import httpx
import pytest

from match_contract import Freshness, MatchSummary, SourceState
from missing_table.agent.schemas import Run
from missing_table.clubs.schemas import Club
from missing_table.matches.schemas import Match, MatchChange, MatchDetail
from missing_table.search.schemas import Found
from missing_table.server.app import create_app
from missing_table.tables.schemas import Bracket, Season, Table, TeamHistory
from missing_table.teams.schemas import Team
from missing_table.web.schemas import Page, Problem

from .conftest import NOW, running, settings_for

KEY = {"X-Api-Key": "mt_agent_0123456789abcdefghij"}
BATCH = "0b0c1d2e-0000-4000-8000-000000000003"


async def good(api: httpx.AsyncClient, path: str, **more: Any) -> Any:
    answer = await api.get(path, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_seasons_name_the_current_one(api: httpx.AsyncClient) -> None:
    page = Page[Season].model_validate(await good(api, "/api/seasons"))
    assert [(s.name, s.current, s.brackets) for s in page.items] == [("2026-27", True, 2), ("2025-26", False, 0)]


async def test_brackets_have_counts_and_the_address_of_their_page(api: httpx.AsyncClient) -> None:
    page = Page[Bracket].model_validate(await good(api, "/api/brackets?age_group=u14&league=homegrown"))
    (bracket,) = page.items
    assert bracket.path == "/2026-27/homegrown/u14/northeast"
    assert (bracket.teams, bracket.matches, bracket.played, bracket.computed) == (5, 8, 5, True)


@pytest.mark.parametrize("division", ["Northeast", "northeast"])
async def test_a_bracket_is_found_by_its_division_or_its_slug(api: httpx.AsyncClient, division: str) -> None:
    assert len((await good(api, f"/api/brackets?division={division}"))["items"]) == 1


async def test_a_season_without_brackets_is_an_empty_list(api: httpx.AsyncClient) -> None:
    assert await good(api, "/api/brackets?season=2025-26") == {"items": [], "next_cursor": None}


async def test_a_page_may_ask_past_a_cdn_with_the_version_of_an_event(api: httpx.AsyncClient, seed: Any) -> None:
    match = seed.matches["Ajax SC-Bravo FC"]
    for path in (f"/api/brackets/{seed.northeast}/table", f"/api/matches/{match}", "/api/brackets"):
        assert await good(api, f"{path}?v=12") == await good(api, path)


async def test_until_a_season_has_tables_the_one_before_is_shown(seed: Any) -> None:
    august = settings_for(seed.dsn).model_copy(update={"today": NOW.replace(year=2027, month=8)})
    async with running(create_app(august)) as api:
        brackets = (await good(api, "/api/brackets"))["items"]
        assert {bracket["season"] for bracket in brackets} == {"2026-27"}
        assert len((await good(api, "/api/matches"))["items"]) == 8
        assert (await good(api, "/api/brackets?season=2027-28"))["items"] == []
        club = await good(api, f"/api/clubs/{seed.clubs['Ajax SC']}")
        assert (club["season"], [team["name"] for team in club["teams"]]) == ("2026-27", ["Ajax SC"])
        found = await good(api, "/api/search?q=Ajax")
        assert "U14 Northeast · 2026-27" in [one["detail"] for one in found["items"]]


async def test_the_table_is_in_order_with_form_and_reasons(api: httpx.AsyncClient, seed: Any) -> None:
    table = Table.model_validate(await good(api, f"/api/brackets/{seed.northeast}/table"))
    assert [row.team.name for row in table.rows] == [
        "Córdoba <FC>",
        "Ajax SC",
        "Bravo FC",
        "Delta United",
        "Echo Rovers",
    ]
    assert table.bracket.id == seed.northeast
    assert [row.position for row in table.rows] == [1, 2, 3, 4, 5]
    assert table.rows[1].separated_by == "head_to_head"
    assert table.rows[-1].separated_by is None
    assert [entry.result for entry in table.rows[0].form] == ["T", "W"]
    delta = table.rows[3]
    assert (delta.played, delta.won, delta.tied, delta.lost) == (3, 0, 1, 2)
    assert (delta.goals_for, delta.goals_against, delta.goal_difference, delta.points) == (0, 9, -9, 1)


async def test_a_match_across_brackets_counts_in_each_sides_own_table(api: httpx.AsyncClient, seed: Any) -> None:
    table = Table.model_validate(await good(api, f"/api/brackets/{seed.pro}/table"))
    assert [(row.team.name, row.points) for row in table.rows] == [("Foxtrot SC", 3)]


async def test_a_table_as_of_a_date_counts_what_was_played_by_then(api: httpx.AsyncClient, seed: Any) -> None:
    table = Table.model_validate(await good(api, f"/api/brackets/{seed.northeast}/table?as_of=2026-09-05"))
    assert [(row.team.name, row.played) for row in table.rows if row.played] == [("Ajax SC", 1), ("Bravo FC", 1)]


async def test_a_home_table_counts_home_matches_alone(api: httpx.AsyncClient, seed: Any) -> None:
    table = Table.model_validate(await good(api, f"/api/brackets/{seed.northeast}/table?split=home"))
    assert {row.team.name: row.played for row in table.rows}["Ajax SC"] == 2


async def test_history_has_a_position_a_weekend_and_ends_where_the_table_stands(
    api: httpx.AsyncClient, seed: Any
) -> None:
    page = Page[TeamHistory].model_validate(await good(api, f"/api/brackets/{seed.northeast}/history"))
    assert [team.positions[-1].position for team in page.items] == [1, 2, 3, 4, 5]
    assert [str(p.last_day) for p in page.items[0].positions] == ["2026-09-07", "2026-09-14", "2026-09-21"]


async def test_what_if_moves_the_table_and_stores_nothing(api: httpx.AsyncClient, seed: Any) -> None:
    path = f"/api/brackets/{seed.northeast}/what-if"
    supposed = {"match_id": seed.matches["Bravo FC-Echo Rovers"], "home_score": 0, "away_score": 3}
    table = Table.model_validate((await api.post(path, json={"results": [supposed]})).json())
    assert table.rows[0].team.name == "Echo Rovers"
    now = Table.model_validate(await good(api, f"/api/brackets/{seed.northeast}/table"))
    assert now.rows[0].team.name == "Córdoba <FC>"
    stranger = await api.post(path, json={"results": [{**supposed, "match_id": 999}]})
    assert stranger.status_code == 400


async def test_a_supposed_draw_in_flex_may_be_decided_by_a_shootout(api: httpx.AsyncClient, seed: Any) -> None:
    path = f"/api/brackets/{seed.northeast}/what-if"
    draw = {"match_id": seed.matches["Bravo FC-Echo Rovers"], "home_score": 1, "away_score": 1}
    decided = {**draw, "home_shootout": 3, "away_shootout": 4}

    async def echo(supposed: dict[str, int]) -> tuple[int, int, int]:
        answer = await api.post(path, json={"results": [supposed]})
        row = next(row for row in Table.model_validate(answer.json()).rows if row.team.name == "Echo Rovers")
        return row.won, row.tied, row.points

    refused = await api.post(path, json={"results": [decided]})
    assert (refused.status_code, "Flex" in refused.json()["detail"]) == (400, True)
    seed.execute("update brackets set version = version + 1, league_id = (select id from leagues where name = 'Flex')")
    assert [await echo(draw), await echo(decided)] == [(0, 1, 1), (0, 1, 2)]
    for wrong in ({"away_score": 2}, {"home_shootout": None}, {"home_shootout": 4}):
        assert (await api.post(path, json={"results": [{**decided, **wrong}]})).status_code == 422, wrong


async def test_a_brackets_matches_come_by_date_and_all_at_once(api: httpx.AsyncClient, seed: Any) -> None:
    page = Page[Match].model_validate(await good(api, f"/api/brackets/{seed.northeast}/matches"))
    dates = [match.local_date for match in page.items]
    assert dates == sorted(dates)
    assert len(dates) == 8
    assert page.next_cursor is None
    unset = next(match for match in page.items if not match.time_set)
    assert unset.kick_off is None


async def test_matches_are_paged_without_loss_or_repetition(api: httpx.AsyncClient) -> None:
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = await good(api, "/api/matches", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))
        seen += [match["id"] for match in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert len(seen) == len(set(seen)) == 8


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("status=tbd", 1),
        ("status=tbd&status=completed", 6),
        ("from=2026-09-12&to=2026-09-13", 2),
        ("q=cordoba", 3),
        ("division=Northeast", 8),
        ("age_group=U15", 1),
        ("league=Flex", 0),
        ("q=100%25", 0),
    ],
)
async def test_matches_are_filtered(api: httpx.AsyncClient, query: str, count: int) -> None:
    assert len((await good(api, f"/api/matches?{query}"))["items"]) == count


async def test_a_match_names_its_brackets(api: httpx.AsyncClient, seed: Any) -> None:
    match = MatchDetail.model_validate(await good(api, f"/api/matches/{seed.matches['Foxtrot SC-Delta United']}"))
    assert (match.home_brackets, match.away_brackets) == ([seed.pro], [seed.northeast])
    assert [b.path for b in match.brackets] == [
        "/2026-27/homegrown/u14/northeast",
        "/2026-27/homegrown/u15/pro-player-pathway",
    ]
    assert match.venue is not None
    assert match.venue.name == "Foxtrot SC Park"


async def test_changes_of_a_match_are_listed(api: httpx.AsyncClient, seed: Any) -> None:
    match_id = seed.matches["Ajax SC-Bravo FC"]
    seed.execute(
        "insert into match_changes (match_id, field, old_value, new_value, observed_at, batch_id) "
        "values (%s, 'score', '2-2', '2-1', now(), %s)",
        [match_id, BATCH],
    )
    page = Page[MatchChange].model_validate(await good(api, f"/api/matches/{match_id}/changes"))
    assert [(c.before, c.after, c.by, str(c.batch_id)) for c in page.items] == [("2-2", "2-1", "source", BATCH)]
    assert await good(api, "/api/changes?since=2026-01-01T00:00:00Z") == page.model_dump(mode="json")


async def test_a_team_has_its_rows(api: httpx.AsyncClient, seed: Any) -> None:
    team = Team.model_validate(await good(api, f"/api/teams/{seed.teams['Ajax SC']}"))
    assert (team.season, team.age_group, team.club and team.club.name) == ("2026-27", "U14", "Ajax SC")
    assert [(s.bracket.id, s.row.position) for s in team.standings] == [(seed.northeast, 2)]


async def test_a_club_has_its_teams(api: httpx.AsyncClient, seed: Any) -> None:
    club = Club.model_validate(await good(api, f"/api/clubs/{seed.clubs['Ajax SC']}"))
    assert [(team.name, team.row and team.row.position) for team in club.teams] == [("Ajax SC", 2)]


@pytest.mark.parametrize("q", ["cordoba", "CÓRD", "cordboa"])
async def test_search_forgives_accents_parts_and_typos(api: httpx.AsyncClient, q: str) -> None:
    page = Page[Found].model_validate(await good(api, "/api/search", params={"q": q}))
    assert ("team", "Córdoba <FC>") in {(found.kind, found.name) for found in page.items}


async def test_runs_and_freshness_are_public(api: httpx.AsyncClient) -> None:
    (run,) = Page[Run].model_validate(await good(api, "/api/runs?limit=5")).items
    assert (run.exit_code, run.cost_micro_usd, run.targets[0].inserted) == (0, None, 8)
    assert (run.budget, run.budget_used) == (50_000, 120)
    assert run.changes == ["U14 Northeast: Ajax SC - Bravo FC 2-1"]
    assert run.awaited == ["u14-hg-northeast: 1 played match has no score yet"]
    assert [(item.external_id, item.home, item.reason) for item in run.rejections] == [
        ("26029", "Ajax SC", "malformed")
    ]
    freshness = Freshness.model_validate(await good(api, "/api/freshness"))
    assert (freshness.fresh, freshness.in_season, freshness.competitions[0].matches) == (True, True, 2)


async def test_a_run_whose_report_says_less_is_still_a_run(api: httpx.AsyncClient, seed: Any) -> None:
    seed.execute("update runs set report = '{}'", [])
    (run,) = Page[Run].model_validate(await good(api, "/api/runs?limit=5")).items
    assert (run.budget, run.budget_used, run.changes, run.awaited, run.rejections) == (None, None, [], [], [])


async def test_the_agent_sees_what_the_database_knows(api: httpx.AsyncClient) -> None:
    summary = MatchSummary.model_validate(await good(api, "/api/agent/match-summary", headers=KEY))
    northeast = next(b for b in summary.brackets if b.external_id == "139")
    assert (northeast.matches, northeast.completed, northeast.scheduled, northeast.tbd) == (8, 5, 2, 1)
    assert northeast.awaiting_score == 1
    assert str(summary.today) == "2026-10-05"


async def test_the_agent_sees_validators_and_receipts(api: httpx.AsyncClient) -> None:
    (source,) = Page[SourceState].model_validate(await good(api, "/api/agent/sources", headers=KEY)).items
    assert (source.key, source.scope, source.documents[0].etag) == ("mls-next-league-26-27", None, '"abc"')
    receipt = await good(api, f"/api/agent/batches/{BATCH}", headers={"Authorization": f"Bearer {KEY['X-Api-Key']}"})
    assert receipt["counts"]["inserted"] == 8


@pytest.mark.parametrize("path", ["/api/agent/match-summary", "/api/agent/sources", f"/api/agent/batches/{BATCH}"])
@pytest.mark.parametrize("key", [None, "nonsense", "mt_agent_0123456789abcdefghiX", "mt_nobody_0123456789abcdefghij"])
async def test_the_agents_routes_refuse_everybody_else(api: httpx.AsyncClient, path: str, key: str | None) -> None:
    answer = await api.get(path, headers={"X-Api-Key": key} if key else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert Problem.model_validate(answer.json()).status == 401


async def test_a_key_without_the_scope_is_forbidden(api: httpx.AsyncClient, seed: Any) -> None:
    seed.execute("update api_keys set scopes = '{}'")
    assert (await api.get("/api/agent/sources", headers=KEY)).status_code == 403


async def test_a_revoked_key_is_refused_at_once(api: httpx.AsyncClient, seed: Any) -> None:
    seed.execute("update api_keys set revoked_at = now()")
    assert (await api.get("/api/agent/sources", headers=KEY)).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/api/brackets/999999",
        "/api/brackets/999999/table",
        "/api/brackets/999999/matches",
        "/api/matches/999999",
        "/api/matches/999999/changes",
        "/api/teams/999999",
        "/api/clubs/999999",
        "/api/nothing",
    ],
)
async def test_what_is_not_there_is_a_404_that_says_where_to_look(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    problem = Problem.model_validate(answer.json())
    assert problem.instance == path
    assert problem.request_id == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/brackets?season=26-27",
        "/api/brackets?age_group=14",
        "/api/brackets/0/table",
        "/api/brackets/99999999999999999999/table",
        "/api/brackets/1/table?as_of=yesterday",
        "/api/matches?cursor=abc",
        "/api/matches?limit=0",
        "/api/matches?q=%00",
        "/api/search?q=",
        "/api/runs?limit=100000",
    ],
)
async def test_a_malformed_request_is_a_4xx_that_says_what_is_wrong(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert answer.status_code in (400, 422), answer.text
    assert Problem.model_validate(answer.json()).detail


async def test_health_tells_alive_ready_and_fresh(api: httpx.AsyncClient, seed: Any) -> None:
    assert (await good(api, "/health/live"))["status"] == "ok"
    assert (await good(api, "/health/ready"))["checks"] == {"database": "ok", "migrations": "ok"}
    assert (await good(api, "/health/fresh"))["status"] == "ok"
    seed.execute("update feed_snapshots set landed_at = landed_at - interval '40 hours'")
    assert (await api.get("/health/fresh")).status_code == 503
    seed.execute("delete from supabase_migrations.schema_migrations where version = '20261124000400'")
    assert (await api.get("/health/ready")).status_code == 503


async def test_metrics_have_rates_and_freshness(api: httpx.AsyncClient) -> None:
    await good(api, "/api/seasons")
    text = (await api.get("/metrics")).text
    assert 'missing_table_requests_total{method="GET",route="/api/seasons",status="200"}' in text
    assert 'missing_table_request_seconds_bucket{le="0.001",route="/api/seasons"}' in text
    assert 'missing_table_source_age_seconds{key="mls-next-league-26-27",season="2026-27"}' in text


async def test_metrics_show_the_last_run_which_nobody_can_scrape(api: httpx.AsyncClient, seed: Any) -> None:
    text = (await api.get("/metrics")).text
    assert "missing_table_fresh 1.0" in text
    assert "missing_table_last_run_exit_code 0.0" in text
    assert 'missing_table_last_run_tokens{direction="in"} 100.0' in text
    assert 'missing_table_last_run_matches{outcome="inserted",target="u14-hg-northeast"} 8.0' in text
    assert "missing_table_last_run_score_canary 0.0" in text
    warning = "mls-next-league-26-27: score canary: 40 matches of 2026-11-21 without a score"
    seed.execute("update runs set exit_code = 1, warnings = %s", [json.dumps([warning])])
    text = (await api.get("/metrics")).text
    assert "missing_table_last_run_exit_code 1.0" in text
    assert "missing_table_last_run_score_canary 1.0" in text


async def test_metrics_count_errors_and_kept_answers_by_their_route(api: httpx.AsyncClient, seed: Any) -> None:
    async def counted(route: str, status: int) -> float:
        text = (await api.get("/metrics")).text
        name = f'missing_table_requests_total{{method="GET",route="{route}",status="{status}"}} '
        return float(next((line for line in text.splitlines() if line.startswith(name)), f"{name}0")[len(name) :])

    teams = "/api/teams/{team_id}"
    before = (await counted(teams, 200), await counted(teams, 404))
    for _ in range(3):
        await good(api, f"/api/teams/{seed.teams['Ajax SC']}")
    await api.get("/api/teams/999999")
    assert (await counted(teams, 200), await counted(teams, 404)) == (before[0] + 3, before[1] + 1)
