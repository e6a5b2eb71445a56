"""From what the database has to a table's rows and its grid. No I/O."""

from datetime import date

from match_contract import Status
from missing_table.league.grid import records
from missing_table.league.results import WHEN, Fixture, Result
from missing_table.league.standings import FORM_LENGTH, standings
from missing_table.league.tie_breaks import order
from missing_table.tables.official import official_of
from missing_table.tables.queries import Campaign, Standing
from missing_table.tables.schemas import FormEntry, Grid, GridMatch, HeadToHead, Split, Table, TableRow


def build_table(standing: Standing, *, as_of: date | None = None, split: Split = Split.ALL) -> Table:
    """The table of one bracket."""
    found = standings(standing.entrants, standing.results, as_of=as_of, split=split.value)
    rows = [
        TableRow(
            position=place.position,
            previous_position=found.previous.get(place.tally.entrant.team_id),
            team=standing.teams[place.tally.entrant.team_id],
            played=place.tally.played,
            won=place.tally.won,
            tied=place.tally.tied,
            lost=place.tally.lost,
            shootouts_won=place.tally.shootouts_won,
            goals_for=place.tally.goals_for,
            goals_against=place.tally.goals_against,
            goal_difference=place.tally.goal_difference,
            points=place.tally.points,
            points_per_match=round(float(place.tally.points_per_match), 4),
            form=[FormEntry(match_id=m, result=r) for m, r in place.tally.form[-FORM_LENGTH:]],
            separated_by=place.separated_by,
        )
        for place in found.places
    ]
    is_whole = as_of is None and split is Split.ALL
    official = official_of(standing) if is_whole else None
    return Table(bracket=standing.bracket, as_of=as_of, split=split, rows=rows, official=official)


def build_grid(campaign: Campaign) -> Grid:
    """Every match of a bracket as a cell, and every pair's record; both of what the database checked already."""
    standing = campaign.standing
    results = {result.match_id: result for result in standing.results}
    matches: list[Result | Fixture] = sorted([*results.values(), *campaign.fixtures], key=WHEN)
    return Grid(
        bracket=standing.bracket,
        teams=[standing.teams[p.tally.entrant.team_id] for p in order(standing.entrants, standing.results)],
        guests=list(campaign.guests.values()),
        matches=[_cell(match, campaign.statuses.get(match.match_id, Status.COMPLETED)) for match in matches],
        head_to_head=[
            HeadToHead(
                team_id=team,
                opponent_id=opponent,
                played=record.played,
                won=record.won,
                tied=record.tied,
                lost=record.lost,
                goals_for=record.goals_for,
                goals_against=record.goals_against,
                points=record.points,
            )
            for (team, opponent), record in sorted(records(standing.results).items())
        ],
    )


def _cell(match: Result | Fixture, status: Status) -> GridMatch:
    played = match if isinstance(match, Result) else None
    return GridMatch(
        match_id=match.match_id,
        home_team_id=match.home,
        away_team_id=match.away,
        local_date=match.local_date,
        status=status,
        home_score=played.home_score if played else None,
        away_score=played.away_score if played else None,
        home_shootout=played.home_shootout if played else None,
        away_shootout=played.away_shootout if played else None,
    )
