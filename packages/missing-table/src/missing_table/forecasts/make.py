"""Makes what is due: each bracket's chances, its score so far and its weekends' insights. One transaction a bracket.

Whoever runs it may be killed at any moment and run again: what is due is decided by versions alone, and the same
version gives the same chances. Chances of a match are written only while it has not begun.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
import structlog
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from match_contract import League
from missing_table.forecasts import queries
from missing_table.league.accuracy import Score
from missing_table.league.insights import findings
from missing_table.league.ratings import Ratings, chances, fit, prior_of
from missing_table.league.results import Fixture
from missing_table.league.simulate import SIMULATIONS, simulate
from missing_table.league.walk_forward import games_of, walk_forward
from missing_table.tables.queries import CAMPAIGN, Campaign, campaign_of
from missing_table.waits import REACH

log = structlog.get_logger(__name__)

NOTHING = Score()
DIGITS = 4
"""Chances are estimates: ten thousandths are more than they know."""


@dataclass(frozen=True, slots=True)
class Made:
    """One bracket's: how many teams and matches got chances (0 where it is silent)."""

    bracket_id: int
    teams: int
    matches: int


def make_due(dsn: str, now: datetime) -> Iterator[Made]:
    """Every bracket that is due, older seasons first; those that somebody else is at are left to them."""
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None, row_factory=dict_row, **REACH) as connection:
        for row in connection.execute(queries.DUE.encode(), {"model": queries.MODEL}).fetchall():
            made = _make(connection, row["id"], now)
            if made is not None:
                yield made


def _make(connection: psycopg.Connection[dict[str, Any]], bracket_id: int, now: datetime) -> Made | None:
    with connection.transaction():
        connection.execute(b"set transaction isolation level repeatable read")
        this = {"bracket_id": bracket_id, "now": now, "youngest": queries.YOUNGEST, "model": queries.MODEL}

        def ask(query: str, **more: Any) -> list[dict[str, Any]]:
            return connection.execute(query.encode(), {**this, **more}).fetchall()

        if not ask(queries.CLAIM)[0]["claimed"]:
            return None
        campaign = campaign_of(ask(CAMPAIGN)[0])
        about = ask(queries.ABOUT)[0]
        _keep_insights(connection, campaign)
        connection.execute(queries.FREEZE.encode(), this)
        if about["years"] < queries.YOUNGEST or not (campaign.standing.results or campaign.fixtures):
            silent = "too_young" if about["years"] < queries.YOUNGEST else "no_matches"
            _keep_bracket(connection, this, campaign, silent=silent)
            return Made(bracket_id, 0, 0)
        return _estimate(connection, this, campaign, about)


def _estimate(
    connection: psycopg.Connection[dict[str, Any]], this: dict[str, Any], campaign: Campaign, about: dict[str, Any]
) -> Made:
    standing = campaign.standing
    team_ids = [*standing.teams, *campaign.guests]
    index = {team_id: at for at, team_id in enumerate(team_ids)}
    random = np.random.default_rng([standing.bracket.id, standing.bracket.version])
    last = connection.execute(queries.PRIOR.encode(), {**about, "team_ids": team_ids}).fetchall()
    prior = prior_of(_by_team(last, team_ids))
    forfeits = set(about["forfeits"])
    played = [result for result in standing.results if result.match_id not in forfeits]
    ratings = fit(games_of(played, index), prior)
    own = set(about["own"])
    fixtures = [fixture for fixture in campaign.fixtures if fixture.match_id in own]
    _keep_matches(connection, this, fixtures=fixtures, ratings=ratings, index=index, random=random)
    teams = _teams(campaign, ratings, index, random)
    score = walk_forward(played, index, prior, random)
    _keep_bracket(connection, this, campaign, teams=teams, score=score)
    return Made(standing.bracket.id, len(teams), len(fixtures))


def _by_team(rows: list[dict[str, Any]], team_ids: list[int]) -> list[tuple[float, float] | None]:
    known = {row["id"]: (row["attack"], row["defence"]) for row in rows}
    return [known.get(team_id) for team_id in team_ids]


def _teams(campaign: Campaign, ratings: Ratings, index: dict[int, int], random: np.random.Generator) -> list[list[Any]]:
    """[team, attack, defence, mean points per match, [chance of each position]], in today's order."""
    standing = campaign.standing
    shootouts = standing.bracket.league is League.FLEX
    season = simulate(
        standing.entrants,
        standing.results,
        campaign.fixtures,
        ratings=ratings,
        index=index,
        random=random,
        shootouts=shootouts,
    )
    return [
        [
            team_id,
            round(float(ratings.attack[index[team_id]]), DIGITS),
            round(float(ratings.defence[index[team_id]]), DIGITS),
            round(season.points_per_match[team_id], DIGITS),
            [round(chance, DIGITS) for chance in positions],
        ]
        for team_id, positions in season.positions.items()
    ]


def _keep_matches(
    connection: psycopg.Connection[dict[str, Any]],
    this: dict[str, Any],
    *,
    fixtures: list[Fixture],
    ratings: Ratings,
    index: dict[int, int],
    random: np.random.Generator,
) -> None:
    home = np.array([index[f.home] for f in fixtures], dtype=np.int64)
    away = np.array([index[f.away] for f in fixtures], dtype=np.int64)
    found = chances(ratings, home, away, random)
    columns = found.outcomes.T.tolist()
    connection.execute(
        queries.KEEP_MATCHES.encode(),
        {
            **this,
            "match_ids": [fixture.match_id for fixture in fixtures],
            "home_win": columns[0],
            "tie": columns[1],
            "away_win": columns[2],
            "home_goals": found.home_goals.tolist(),
            "away_goals": found.away_goals.tolist(),
        },
    )


def _keep_bracket(
    connection: psycopg.Connection[dict[str, Any]],
    this: dict[str, Any],
    campaign: Campaign,
    *,
    silent: str | None = None,
    teams: list[list[Any]] | None = None,
    score: Score = NOTHING,
) -> None:
    connection.execute(
        queries.KEEP_BRACKET.encode(),
        {
            **this,
            **score._asdict(),
            "version": campaign.bracket.version,
            "silent": silent,
            "simulations": SIMULATIONS if teams else 0,
            "teams": Jsonb(teams or []),
            "scored": score.matches,
        },
    )


def _keep_insights(connection: psycopg.Connection[dict[str, Any]], campaign: Campaign) -> None:
    this = {"bracket_id": campaign.bracket.id}
    found = findings(campaign.standing.entrants, campaign.standing.results)
    rows = [(weekend, one) for weekend, several in found.items() for one in several]
    connection.execute(queries.FORGET_INSIGHTS.encode(), this)
    connection.execute(
        queries.KEEP_INSIGHTS.encode(),
        {
            **this,
            "weekends": [weekend for weekend, _ in rows],
            "kinds": [one.kind for _, one in rows],
            "weights": [one.weight for _, one in rows],
            "bodies": [
                Jsonb({name: value for name, value in asdict(one).items() if value is not None}) for _, one in rows
            ],
        },
    )
