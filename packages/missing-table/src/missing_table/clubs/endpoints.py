"""A club across its ages."""

from fastapi import APIRouter
from starlette.responses import Response

from missing_table.clubs import queries
from missing_table.clubs.schemas import Club, ClubTeam
from missing_table.tables.current import current_tables
from missing_table.tables.kept import KeptTables
from missing_table.tables.queries import versions_of
from missing_table.web.answers import json_answer
from missing_table.web.dependencies import SeasonQuery, StateDep, season_or_current
from missing_table.web.problems import NotFound
from missing_table.web.schemas import Identity

router = APIRouter(prefix="/api", tags=["clubs"])


@router.get("/clubs/{club_id}", response_model=Club)
async def club(state: StateDep, club_id: Identity, season: SeasonQuery = None) -> Response:
    """A club with its teams of a season (its newest where none is given), and the row of each in every bracket."""
    asked = season_or_current(state, season) if season else None
    async with state.connection() as connection:
        found = await queries.club(connection, club_id=club_id, season=asked)
        if found is None:
            raise NotFound(f"There is no club {club_id}: /api/search finds clubs by name.")
        name = found["season"] or season_or_current(state, season)
        tables = await current_tables(connection, state.cache(KeptTables), versions_of(found))
    tables.sort(key=lambda table: _age(table.bracket.age_group))
    ids = set(found["team_ids"])
    teams = [
        ClubTeam(id=row.team.id, name=row.team.name, age_group=table.bracket.age_group, bracket=table.bracket, row=row)
        for table in tables
        for row in table.rows
        if row.team.id in ids
    ]
    return json_answer(
        Club(
            id=found["id"],
            name=found["name"],
            short_name=None,
            crest_url=found["crest_url"],
            season=name,
            teams=teams,
        )
    )


def _age(age_group: str) -> int:
    return int(age_group.removeprefix("U"))
