"""Outlooks, chances and insights."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from missing_table.forecasts import queries
from missing_table.forecasts.build import build_outlook, build_ways
from missing_table.forecasts.schemas import (
    Accuracy,
    BracketChances,
    ForecastScore,
    Insight,
    Insights,
    MatchChances,
    OneMatchChances,
    Outlook,
    PositionChances,
    Silence,
    TeamWays,
)
from missing_table.league.weekend import weekend_of
from missing_table.matches.schemas import MatchBracket
from missing_table.tables.endpoints import by_version
from missing_table.tables.problems import no_bracket
from missing_table.tables.schemas import Bracket, TableTeam
from missing_table.web.answers import json_answer
from missing_table.web.dependencies import AgeGroupQuery, LeagueQuery, SeasonQuery, StateDep, season_or_current
from missing_table.web.problems import NotFound
from missing_table.web.schemas import Identity

router = APIRouter(prefix="/api", tags=["forecasts"])

REASONS: dict[Silence, str] = {
    "too_young": "No chances are made for U13 and U14: no forecasts about children of that age.",
    "not_made_yet": "The chances are being made: they follow each landing within minutes.",
    "no_matches": "There are no matches to estimate anything from.",
    "too_late": "The match had begun before any chances were made, and they are never made afterwards.",
}


@router.get("/brackets/{bracket_id}/outlook", response_model=Outlook)
async def bracket_outlook(request: Request, state: StateDep, bracket_id: Identity) -> Response:
    """Where every team can still finish, what makes each place sure, its runs, and how hard its schedule is."""
    return await by_version(
        request,
        state,
        bracket_id,
        ("outlook",),
        read=queries.proved_campaign,
        make=lambda found: build_outlook(found.campaign, found.proofs, found.proved_at),
        settled=lambda found: found.proofs is not None,
    )


@router.get("/brackets/{bracket_id}/teams/{team_id}/ways", response_model=TeamWays)
async def team_ways(state: StateDep, bracket_id: Identity, team_id: Identity) -> Response:
    """Results of the matches left with which a team finishes at its best and at its worst position in reach."""
    async with state.connection() as connection:
        row = await queries.ways(connection, bracket_id=bracket_id, team_id=team_id)
    if row is None:
        raise no_bracket(bracket_id)
    found = build_ways(bracket_id, team_id, row)
    if found is None:
        raise NotFound(f"There is no team {team_id} in bracket {bracket_id}: its table lists its teams.")
    return json_answer(found, private=found.best is None)  # what is not proved yet is kept by nobody


@router.get("/brackets/{bracket_id}/chances", response_model=BracketChances)
async def bracket_chances(state: StateDep, bracket_id: Identity) -> Response:
    """Estimated chances of every team's final position and of the matches left. Not made for U13 and U14."""
    async with state.connection() as connection:
        row = await queries.bracket_chances(connection, bracket_id=bracket_id, now=state.now())
    if row is None:
        raise no_bracket(bracket_id)
    silent = _silence(row)
    return json_answer(
        BracketChances(
            bracket=Bracket.model_validate({name: row[name] for name in Bracket.model_fields}),
            silent=silent,
            reason=REASONS[silent] if silent else None,
            model=row["model"],
            made_at=row["made_at"],
            version=row["made_of"],
            simulations=row["simulations"] or 0,
            teams=[PositionChances.model_validate(team) for team in row["team_rows"]],
            matches=[MatchChances.model_validate(match) for match in row["match_rows"]],
            walk_forward=_accuracy({**row, "matches": row["scored_matches"]}),
        )
    )


def _silence(row: dict[str, Any]) -> Silence | None:
    if row["years"] < queries.YOUNGEST:
        return "too_young"
    if row["made_of"] is None:
        return "not_made_yet"
    silent: Silence | None = row["silent"]
    return silent


@router.get("/matches/{match_id}/chances", response_model=OneMatchChances)
async def match_chances(state: StateDep, match_id: Identity) -> Response:
    """Estimated chances of a match as they stood before kick-off. Not made for U13 and U14."""
    async with state.connection() as connection:
        row = await queries.match_chances(connection, match_id=match_id, now=state.now())
    if row is None:
        raise NotFound(f"There is no match {match_id}: /api/matches lists them.")
    silent: Silence | None = None
    if row["years"] is None or row["years"] < queries.YOUNGEST:
        silent = "too_young" if row["years"] is not None else "no_matches"
    elif row["chances"] is None:
        silent = "too_late" if row["begun"] else "not_made_yet"
    chances = MatchChances.model_validate(row["chances"]) if silent is None else None
    reason = REASONS[silent] if silent else None
    return json_answer(OneMatchChances(match_id=match_id, silent=silent, reason=reason, chances=chances))


@router.get("/forecasts/score", response_model=ForecastScore)
async def forecast_score(
    state: StateDep, season: SeasonQuery = None, league: LeagueQuery = None, age_group: AgeGroupQuery = None
) -> Response:
    """How good the chances were, beside a base rate that knows no teams."""
    name = season_or_current(state, season)
    async with state.connection() as connection:
        walked, frozen = await queries.scores(
            connection, season=name, league=league.value if league else None, age_group=age_group
        )
    return json_answer(
        ForecastScore(season=name, model=queries.MODEL, walk_forward=_accuracy(walked), frozen=_accuracy(frozen))
    )


def _accuracy(sums: dict[str, Any]) -> Accuracy | None:
    matches = sums.get("matches")
    if not matches:
        return None
    names = ("brier", "base_brier", "log_loss", "base_log_loss")
    return Accuracy(matches=matches, **{name: round(sums[name] / matches, 4) for name in names})


@router.get("/insights", response_model=Insights)
async def insights(
    *,
    state: StateDep,
    season: SeasonQuery = None,
    weekend: Annotated[
        date | None, Query(description="Any day of the weekend; the latest where none is given.")
    ] = None,
    league: LeagueQuery = None,
    age_group: AgeGroupQuery = None,
    limit: Annotated[int, Query(ge=1, le=50, description="At most so many of each kind.")] = 10,
) -> Response:
    """What a match weekend was worth talking about: movers, upsets, streaks."""
    name = season_or_current(state, season)
    async with state.connection() as connection:
        known = await queries.weekends(connection, season=name)
        begin = weekend_of(weekend) if weekend else (known[-1] if known else None)
        rows = []
        if begin is not None:
            rows = await queries.insights(
                connection,
                season=name,
                weekend=begin,
                league=league.value if league else None,
                age_group=age_group,
                limit=limit,
            )
    return json_answer(
        Insights(
            season=name,
            weekend=begin,
            last_day=begin + timedelta(days=6) if begin else None,
            weekends=known,
            items=[_insight(row) for row in rows],
        )
    )


def _insight(row: dict[str, Any]) -> Insight:
    body = row["body"]
    return Insight(
        kind=row["kind"],
        bracket=MatchBracket(
            id=row["bracket_id"],
            league=row["league"],
            division=row["division"],
            age_group=row["age_group"],
            path=row["path"],
        ),
        team=TableTeam.model_validate(row["team"]),
        opponent=TableTeam.model_validate(row["opponent"]) if row["opponent"] else None,
        match_id=body.get("match_id"),
        before=body.get("before"),
        after=body.get("after"),
        result=body.get("result"),
        length=body.get("length"),
        score=body.get("score"),
        weight=row["weight"],
    )
