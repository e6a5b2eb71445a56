"""From what the database has to a bracket's outlook. No I/O."""

from datetime import date, datetime
from typing import Any

from missing_table.forecasts.schemas import (
    LostPlace,
    Outlook,
    Reachable,
    ScheduleStrength,
    Streak,
    SurePlace,
    TeamOutlook,
    TeamWays,
    Way,
    WayResult,
)
from missing_table.league.schedule import Runs, Strength, runs, strengths
from missing_table.league.tie_breaks import order
from missing_table.tables.queries import Campaign

Proof = tuple[Reachable, list[SurePlace], list[LostPlace]]


def build_outlook(campaign: Campaign, proofs: list[Any] | None, proved_at: datetime | None) -> Outlook:
    """Return every team's outlook, in the table's order. `proofs`: the rows that are kept, None while they are due."""
    standing = campaign.standing
    places = order(standing.entrants, standing.results)
    tallies = {place.tally.entrant.team_id: place.tally for place in places}
    played, to_come = strengths(standing.results, tallies), strengths(campaign.fixtures, tallies)
    proved = {row[0]: _proof(row) for row in proofs or []}
    return Outlook(
        bracket=standing.bracket,
        proved_at=proved_at,
        teams=[
            TeamOutlook(
                position=place.position,
                team=standing.teams[team],
                played=place.tally.played,
                left=to_come[team].home + to_come[team].away,
                reachable=reachable,
                to_secure_first=next((one.points for one in sure if one.place == 1), None),
                to_secure=sure,
                lost=lost,
                streak=_streak(runs(place.tally.form)),
                schedule_played=_strength(played[team]),
                schedule_left=_strength(to_come[team]),
            )
            for place in places
            for team in [place.tally.entrant.team_id]
            for reachable, sure, lost in [proved.get(team, (None, [], []))]
        ],
    )


def _proof(row: list[Any]) -> Proof:
    _, best, worst, exact, needed, lost = row
    return (
        Reachable(best=best, worst=worst, exact=exact),
        [SurePlace(place=place, points=points) for place, points in needed],
        [LostPlace(place=place, since=date.fromisoformat(day)) for place, day in lost],
    )


def build_ways(bracket_id: int, team_id: int, row: dict[str, Any]) -> TeamWays | None:
    """Return how a team can still finish, or None where the bracket's proof does not have it."""
    proof = next((one for one in row["teams"] or [] if one[0] == team_id), None)
    if row["teams"] is not None and proof is None:
        return None
    best, worst = row["ways"] or ([], [])
    proved = proof is not None and proof[3]
    return TeamWays(
        bracket_id=bracket_id,
        team_id=team_id,
        proved_at=row["made_at"],
        best=Way(position=proof[1], results=_results(best)) if proved and proof else None,
        worst=Way(position=proof[2], results=_results(worst)) if proved and proof else None,
    )


def _results(written: list[list[Any]]) -> list[WayResult]:
    return [WayResult(**dict(zip(WayResult.model_fields, one, strict=True))) for one in written]


def _streak(found: Runs) -> Streak:
    return Streak(
        result=found.latest,
        length=found.length,
        unbeaten=found.unbeaten,
        winless=found.winless,
        most_wins=found.most_wins,
        most_unbeaten=found.most_unbeaten,
    )


def _strength(found: Strength) -> ScheduleStrength:
    mean = found.points_per_match
    return ScheduleStrength(
        home=found.home,
        away=found.away,
        guests=found.unknown,
        opponents_points_per_match=None if mean is None else round(float(mean), 4),
    )
