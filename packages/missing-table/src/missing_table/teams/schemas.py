"""Shapes of teams."""

from missing_table.tables.schemas import Bracket, TableRow
from missing_table.web.schemas import Shape


class TeamClub(Shape):
    """The club that a team belongs to."""

    id: int
    name: str


class TeamStanding(Shape):
    """A bracket that the team stands in, with its row there."""

    bracket: Bracket
    row: TableRow


class Team(Shape):
    """A team of one season. It may stand in two brackets (a squad in League and in Flex, or in two conferences)."""

    id: int
    season: str
    name: str
    short_name: str | None
    age_group: str | None
    crest_url: str | None
    club: TeamClub | None
    standings: list[TeamStanding]
