"""Every table of a whole invented season (small size) as the API has it, against what the season says is true.

The season's own tables are made by other code (devstack.replica.season.tables); shoot-outs, cross-bracket games, squads
in two brackets and teams that the standings leave out are all in it.
"""

from collections import Counter
from typing import Any

import pytest

from devstack.load import load
from devstack.replica.season import generate, true_state
from missing_table.server.app import create_app

from .conftest import running, settings_for

SEED = 7
TODAY = "2026-11-20"


@pytest.mark.timeout(300)
async def test_every_table_of_an_invented_season_is_the_true_one(database: Any) -> None:
    receipts = load(database.dsn, generate(SEED, TODAY, "small"))
    assert sum(receipt.counts.rejected for receipt in receipts) == 0
    truth = true_state(SEED, TODAY, "small")
    checked, separated = 0, set()
    official: Counter[str] = Counter()
    differences: list[tuple[str, str]] = []
    async with running(create_app(settings_for(database.dsn))) as api:
        summary = (await api.get("/api/brackets", params={"season": truth["season"]})).json()["items"]
        ours = {(b["league"], b["age_group"], b["division"]): b for b in summary}
        for key, competition in truth["keys"].items():
            league = "Academy" if "academy" in key else "Flex" if "flex" in key else "Homegrown"
            for bracket in competition["brackets"]:
                found = ours[league, bracket["age_group"], bracket["name"]]
                table = (await api.get(f"/api/brackets/{found['id']}/table")).json()
                assert [_row(row) for row in table["rows"]] == [_true_row(row) for row in bracket["rows"]], found[
                    "path"
                ]
                assert found["computed"] == bracket["computed"]
                assert (table["official"] is None) == bracket["computed"]
                for one in [table["official"]] if table["official"] else []:
                    assert one["rows"] == one["equal"] + one["pending"] + one["different"]
                    official.update({name: one[name] for name in ("rows", "equal", "pending", "different")})
                    differences += [(found["path"], one["team"]) for one in one["differences"]]
                separated |= {row["separated_by"] for row in table["rows"]}
                checked += 1
        fresh = (await api.get("/api/freshness", params={"season": truth["season"]})).json()["official"]
    assert checked == len(summary) > 10
    assert {"points_per_match", "head_to_head"} <= separated
    assert {name: fresh[name] for name in ("rows", "equal", "pending", "different")} == official
    assert differences == []
    assert official["equal"] == official["rows"] > 30
    assert not any(rule["contradicted"] for rule in fresh["between_brackets"])


def _row(row: dict[str, Any]) -> tuple[Any, ...]:
    counts = ("position", "played", "won", "tied", "lost", "goals_for", "goals_against", "points")
    return (row["team"]["name"], *(row[name] for name in counts))


def _true_row(row: dict[str, Any]) -> tuple[Any, ...]:
    counts = ("position", "played", "won", "tied", "lost", "goals_for", "goals_against", "points")
    return (row["name"], *(row[name] for name in counts))
