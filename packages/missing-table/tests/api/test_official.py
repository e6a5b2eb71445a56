"""How a table compares with the league's own: on the table, in freshness, as metrics; and a rule contradicted."""

from typing import Any

from psycopg.types.json import Jsonb

from missing_table.league.truth import KEYS

from .conftest import OBSERVED


def publish(seed: Any, team: str, position: int, *record: int) -> None:
    """What the league's own table of the Pro bracket says of a team: played, won, tied, lost, points."""
    values = {key: str(value) for key, value in zip(KEYS, record, strict=True)}
    seed.execute(
        'insert into published_standings (bracket_id, team_id, position, "values", observed_at)'
        " values (%s, %s, %s, %s, %s) on conflict (bracket_id, team_id) do update"
        ' set position = excluded.position, "values" = excluded."values"',
        [seed.pro, seed.teams[team], position, Jsonb(values), OBSERVED],
    )
    seed.execute("update brackets set version = version + 1 where id = %s", [seed.pro])


async def table(api: Any, bracket: int, **query: str) -> Any:
    return (await api.get(f"/api/brackets/{bracket}/table", params=query)).json()


async def test_a_table_says_whether_it_equals_the_leagues_own(api: Any, seed: Any) -> None:
    publish(seed, "Foxtrot SC", 1, 1, 1, 0, 0, 3)
    found = (await table(api, seed.pro))["official"]
    assert found.pop("as_of").startswith(OBSERVED.isoformat()[:19])
    assert found == {"rows": 1, "equal": 1, "pending": 0, "different": 0, "differences": []}
    assert (await table(api, seed.pro, split="home"))["official"] is None
    assert (await table(api, seed.pro, as_of="2026-10-01"))["official"] is None
    assert (await table(api, seed.northeast))["official"] is None


async def test_a_difference_is_shown_with_the_match_that_could_explain_it_and_contradicts_the_rule(
    api: Any, seed: Any
) -> None:
    publish(seed, "Foxtrot SC", 1, 0, 0, 0, 0, 0)
    found = (await table(api, seed.pro))["official"]
    assert (found["equal"], found["different"]) == (0, 1)
    assert found["differences"] == [
        {
            "team_id": seed.teams["Foxtrot SC"],
            "team": "Foxtrot SC",
            "ours": {"position": 1, "played": 1, "won": 1, "tied": 0, "lost": 0, "points": 3},
            "theirs": {"position": 1, "played": 0, "won": 0, "tied": 0, "lost": 0, "points": 0},
            "match_ids": [seed.matches["Foxtrot SC-Delta United"]],
        }
    ]
    fresh = (await api.get("/api/freshness")).json()["official"]
    assert (fresh["brackets"], fresh["rows"], fresh["equal"], fresh["different"]) == (1, 1, 0, 1)
    assert fresh["first"] == [
        "U15 Homegrown Pro Player Pathway: Foxtrot SC: position 1, 1 played, 1-0-0, 3 points here, "
        "position 1, 0 played, 0-0-0, 0 points in the league's own table"
    ]
    homegrown = next(rule for rule in fresh["between_brackets"] if rule["league"] == "Homegrown")
    assert homegrown == {
        "league": "Homegrown",
        "counted": True,
        "rows": 1,
        "equal_counted": 0,
        "equal_not_counted": 1,
        "contradicted": True,
    }
    metrics = (await api.get("/metrics")).text
    assert 'missing_table_official_rows{verdict="different"} 1.0' in metrics
    assert 'missing_table_official_rule_contradicted{league="Homegrown"} 1.0' in metrics


async def test_a_check_is_kept_until_the_bracket_has_another_version(api: Any, seed: Any) -> None:
    publish(seed, "Foxtrot SC", 1, 0, 0, 0, 0, 0)
    assert (await api.get("/api/freshness")).json()["official"]["different"] == 1
    assert (await api.get("/api/freshness")).json()["official"]["different"] == 1
    publish(seed, "Foxtrot SC", 1, 1, 1, 0, 0, 3)
    assert (await api.get("/api/freshness")).json()["official"]["equal"] == 1


async def test_values_that_cannot_be_read_are_no_row_to_compare(api: Any, seed: Any) -> None:
    publish(seed, "Foxtrot SC", 1, 0, 0, 0, 0, 0)
    seed.execute('update published_standings set "values" = %s', [Jsonb({"matches_played": "many"})])
    seed.execute("update brackets set version = version + 1")
    assert (await table(api, seed.pro))["official"] is None
    assert (await api.get("/api/freshness")).json()["official"]["rows"] == 0


async def test_a_bracket_whose_matches_nobody_reads_is_no_empty_table(api: Any, seed: Any) -> None:
    unread = seed.bracket("141", "Mid-America", "U14", computed=True)
    seed.team("Golf SC", brackets=[unread], published=1)
    seed.execute("update brackets set synced_at = null where id = %s", [unread])
    listed = {bracket["id"] for bracket in (await api.get("/api/brackets")).json()["items"]}
    assert listed == {seed.northeast, seed.pro}
    assert (await table(api, unread))["rows"] == []
    assert (await api.get(f"/api/teams/{seed.teams['Golf SC']}")).json()["standings"] == []
    seed.execute("update brackets set synced_at = now(), version = version + 1 where id = %s", [unread])
    assert [row["team"]["name"] for row in (await table(api, unread, split="home"))["rows"]] == ["Golf SC"]
    assert unread in {bracket["id"] for bracket in (await api.get("/api/brackets")).json()["items"]}
