"""Lists: whole beyond a thousand, filtered by anything, as CSV too; and search as people write."""

import csv
import io
import json
import re
from random import Random
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from missing_table.matches.schemas import Match
from missing_table.search.queries import LIKELY, abbreviation_of, parts_of, shares_of

from .conftest import ADMIN, KEY, bearer

MANY = 2345


@pytest.fixture
def many_matches(seed: Any) -> int:
    """More matches than any page holds, with and without a time, many at the same moment."""
    seed.execute(
        "insert into matches (source, season_id, external_id, league_id, age_group_id, home_team_id, away_team_id, "
        "kick_off, timezone, local_date, time_set, status, home_score, away_score, observed_at, content_hash) "
        "select m.source, m.season_id, 'many-' || n, m.league_id, m.age_group_id, m.home_team_id, m.away_team_id, "
        "case when n %% 3 > 0 then '2026-09-01T14:00:00Z'::timestamptz + (n %% 50) * interval '1 day' end, "
        "m.timezone, date '2026-09-01' + n %% 50, n %% 3 > 0, 'completed', 1, 1, m.observed_at, 'x' "
        "from generate_series(1, %s) n, (select * from matches where id = %s) m",
        [MANY, seed.matches["Ajax SC-Bravo FC"]],
    )
    return MANY + len(seed.matches)


async def whole(api: httpx.AsyncClient, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Every page of a list, in its order."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = await api.get("/api/matches", params=query | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if (cursor := answer.json()["next_cursor"]) is None:
            return found


@pytest.mark.parametrize("limit", [1000, 97])
async def test_matches_are_complete_beyond_a_thousand_and_in_order(api: Any, many_matches: int, limit: int) -> None:
    found = await whole(api, {"limit": limit})
    assert len({match["id"] for match in found}) == len(found) == many_matches
    order = [(m["local_date"], m["kick_off"] or "9", m["id"]) for m in found]
    assert order == sorted(order)


async def test_a_match_that_comes_in_between_moves_no_page(api: Any, seed: Any, many_matches: int) -> None:
    first = (await api.get("/api/matches", params={"limit": 500})).json()
    both = {"home_brackets": [seed.northeast], "away_brackets": [seed.northeast]}
    seed.match("Echo Rovers", "Ajax SC", "2026-08-15", (1, 0), **both)
    seen = [match["id"] for match in first["items"]]
    cursor = first["next_cursor"]
    while cursor:
        page = (await api.get("/api/matches", params={"limit": 500, "cursor": cursor})).json()
        seen += [match["id"] for match in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == many_matches


async def test_matches_as_csv_are_all_of_them_in_one_file(api: Any, many_matches: int) -> None:
    answer = await api.get("/api/matches?format=csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="matches.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len({row["id"] for row in rows}) == many_matches
    assert {name.partition(".")[0] for name in rows[0]} == set(Match.model_fields)
    page = await api.get("/api/matches?format=csv&limit=10")
    assert len(list(csv.DictReader(io.StringIO(page.text)))) == 10
    rest = await api.get("/api/matches", params={"format": "csv", "cursor": page.headers["x-next-cursor"]})
    assert len(list(csv.DictReader(io.StringIO(rest.text)))) == many_matches - 10


async def test_filters_hold_together(api: Any, seed: Any, many_matches: int) -> None:
    ajax, bravo = seed.teams["Ajax SC"], seed.teams["Bravo FC"]
    everything = await whole(api, {"limit": 1000})

    def has(match: dict[str, Any], team: int) -> bool:
        return team in (match["home"]["id"], match["away"]["id"])

    for query, meant in (
        ({"team": ajax, "status": "scheduled"}, lambda m: has(m, ajax) and m["status"] == "scheduled"),
        ({"club": seed.clubs["Bravo FC"]}, lambda m: has(m, bravo)),
        ({"bracket": seed.pro}, lambda m: seed.pro in m["home_brackets"] + m["away_brackets"]),
        ({"season": "2026-27", "league": "Homegrown", "age_group": "U14", "from": "2026-09-10", "to": "2026-09-12"},
         lambda m: "2026-09-10" <= m["local_date"] <= "2026-09-12"),
        ({"division": "Northeast", "q": "echo", "status": ["scheduled", "tbd"]},
         lambda m: has(m, seed.teams["Echo Rovers"])),
        ({"q": "CÓRDOBA"}, lambda m: has(m, seed.teams["Córdoba <FC>"])),
        ({"q": "ajax sc park"}, lambda m: m["venue"] and m["venue"]["name"] == "Ajax SC Park"),
        ({"q": "ajax"}, lambda m: has(m, ajax) or (m["venue"] and m["venue"]["name"] == "Ajax SC Park")),
        ({"q": "100%"}, lambda _: False),
        ({"season": "2025-26"}, lambda _: False),
    ):  # fmt: skip
        found = await whole(api, {**query, "limit": 1000})
        assert [m["id"] for m in found] == [m["id"] for m in everything if meant(m)], query


async def test_every_list_of_the_document_comes_as_csv_with_columns_that_do_not_depend_on_its_rows(
    people: Any, seed: Any
) -> None:
    document = (await people.get("/api/openapi.json")).json()["paths"]
    lists = [
        path
        for path, operations in document.items()
        if "/Page_" in str(operations.get("get", {}).get("responses", {}).get("200", {}))
    ]
    assert len(lists) > 12
    wrong = []
    for path in lists:
        filled = path.format(bracket_id=seed.northeast, match_id=seed.matches["Ajax SC-Bravo FC"])
        headers = {"X-Api-Key": KEY} if "/agent/" in path else bearer(ADMIN)
        query = {"q": "ajax", "format": "csv"} if path == "/api/search" else {"format": "csv"}
        answer = await people.get(filled, params=query, headers=headers)
        if answer.status_code != 200 or not answer.headers["content-type"].startswith("text/csv"):
            wrong.append(f"{path}: {answer.status_code} {answer.headers['content-type']}")
        private = path.startswith(("/api/admin/", "/api/agent/"))
        assert answer.headers["cache-control"].startswith("no-store" if private else "public"), path
    assert not wrong


async def test_a_teams_way_through_the_season_is_in_its_csv(api: Any, seed: Any) -> None:
    path = f"/api/brackets/{seed.northeast}/history"
    first = (await api.get(path)).json()["items"][0]
    (row, *_) = csv.DictReader(io.StringIO((await api.get(path, params={"format": "csv"})).text))
    assert (row["team.name"], row["positions"]) == (
        first["team"]["name"],
        " ".join(map(json.dumps, first["positions"])),
    )


async def test_a_format_that_there_is_not_is_refused(api: Any) -> None:
    assert (await api.get("/api/runs?format=xml")).status_code == 422


NAMES = ["New York City FC", "Philadelphia Union", "Intercontinental Football Academy of New England", "Saint Louis",
         "Foxtrot United", "Montréal Académie"]  # fmt: skip


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("nycfc", "New York City FC"),
        ("NYC", "New York City FC"),
        ("ny city", "New York City FC"),
        ("phun", "Philadelphia Union"),
        ("IFA", "Intercontinental Football Academy of New England"),
        ("IFANE", "Intercontinental Football Academy of New England"),
        ("St. Louis", "Saint Louis"),
        ("foxtrot utd", "Foxtrot United"),
        ("montreal", "Montréal Académie"),
        ("Montrael", "Montréal Académie"),
        ("philadelfia", "Philadelphia Union"),
    ],
)
async def test_search_knows_names_by_what_people_write(api: Any, seed: Any, q: str, first: str) -> None:
    for name in NAMES:
        seed.team(name, brackets=[seed.northeast])
    (found, *_) = (await api.get("/api/search", params={"q": q})).json()["items"]
    assert found["name"] == first


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("U14", ("bracket", "U14 Northeast · Homegrown", "2026-27", "/2026-27/homegrown/u14/northeast")),
        ("northeast", ("bracket", "U14 Northeast · Homegrown", "2026-27", "/2026-27/homegrown/u14/northeast")),
        ("U14 Northeast", ("bracket", "U14 Northeast · Homegrown", "2026-27", "/2026-27/homegrown/u14/northeast")),
        (
            "Homegrown, u15",
            ("bracket", "U15 Pro Player Pathway · Homegrown", "2026-27", "/2026-27/homegrown/u15/pro-player-pathway"),
        ),
        ("ajax sc park", ("venue", "Ajax SC Park", "", None)),
    ],
)
async def test_search_finds_tables_and_venues(api: Any, q: str, first: tuple[str, str, str, str | None]) -> None:
    (found, *_) = (await api.get("/api/search", params={"q": q})).json()["items"]
    assert (found["kind"], found["name"], found["detail"], found["path"]) == first


async def test_a_table_is_found_once_in_its_newest_season(api: Any, seed: Any) -> None:
    seed.execute(
        "insert into brackets (source, season_id, external_id, league_id, division_id, age_group_id, computed, "
        "observed_at, synced_at) select source, (select id from seasons where name = '2025-26'), 'old', league_id, "
        "division_id, age_group_id, computed, observed_at, synced_at from brackets where id = %s",
        [seed.northeast],
    )
    found = (await api.get("/api/search", params={"q": "U14 Northeast"})).json()["items"]
    assert [one["id"] for one in found if one["kind"] == "bracket"] == [seed.northeast]


async def test_an_age_group_in_a_search_leaves_out_teams_of_another(api: Any, seed: Any) -> None:
    seed.team("Foxtrot United", brackets=[seed.northeast])

    async def teams(q: str) -> set[str]:
        found = (await api.get("/api/search", params={"q": q})).json()["items"]
        return {one["name"] for one in found if one["kind"] == "team"}

    assert await teams("Foxtrot") == {"Foxtrot SC", "Foxtrot United"}
    assert await teams("Foxtrot, U15") == {"Foxtrot SC"}


async def test_an_alias_is_found_as_the_team_that_it_means(api: Any, seed: Any) -> None:
    seed.execute("insert into team_aliases (alias, team_id) values ('The Harbour Boys', %s)", [seed.teams["Ajax SC"]])
    (found, *_) = (await api.get("/api/search", params={"q": "harbour"})).json()["items"]
    assert (found["kind"], found["name"]) == ("team", "Ajax SC")


def test_every_name_that_is_alike_has_one_of_the_patterns_that_spare_the_others(seed: Any) -> None:
    random = Random(20261128)
    names = [*NAMES, "St. Brendan's Rovers", "FC A", "Pa-Classics", "Océane Élan", "U14 Northeast", "Inter Oak 2"]
    asked = {name[:length] for name in names for length in (1, 2, 3, 5, 99)}
    for name in names * 12:
        at = random.randrange(len(name))
        asked |= {name[:at] + name[at + 1 :], name[:at] + random.choice("aeiourst é") + name[at:], name[at:]}
    alike = 0
    with psycopg.connect(seed.dsn) as connection:
        for q in asked:
            for name, hit in connection.execute(
                "select name, public.plain(name) like any(%s) from unnest(%s::text[]) n (name)"
                " where extensions.word_similarity(public.plain(%s), public.plain(name)) >= %s",
                [shares_of(q), names, q, LIKELY],
            ):
                alike += 1
                assert hit, (q, name)
    assert alike > 300


@given(st.text(max_size=80))
def test_whatever_is_asked_makes_few_and_sound_patterns(q: str) -> None:
    assert 1 <= len(parts_of(q)) <= 17
    short = abbreviation_of(q)
    assert short is None or re.compile(short)


@pytest.mark.parametrize(("word", "name", "meant"), [("nyc", "new york city", True), ("nyc", "sunny coast", False)])
def test_an_abbreviation_begins_words(word: str, name: str, meant: bool) -> None:
    short = abbreviation_of(word)
    assert short is not None
    assert bool(re.search(short, name)) is meant
