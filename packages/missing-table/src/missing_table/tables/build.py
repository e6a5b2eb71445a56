"""From what the database has to a table's rows. No I/O."""

from datetime import date

from missing_table.league.standings import FORM_LENGTH, standings
from missing_table.tables.queries import Standing
from missing_table.tables.schemas import FormEntry, Split, Table, TableRow


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
    return Table(bracket=standing.bracket, as_of=as_of, split=split, rows=rows)
