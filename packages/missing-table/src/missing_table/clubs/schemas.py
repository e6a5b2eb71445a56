"""Shapes of clubs."""

from missing_table.tables.schemas import Bracket, TableRow
from missing_table.web.schemas import Shape


class ClubTeam(Shape):
    """A team of the club in one bracket, with its row there."""

    id: int
    name: str
    age_group: str | None
    bracket: Bracket | None
    row: TableRow | None


class Club(Shape):
    """A club across its ages in one season."""

    id: int
    name: str
    short_name: str | None
    crest_url: str | None
    season: str
    teams: list[ClubTeam]
