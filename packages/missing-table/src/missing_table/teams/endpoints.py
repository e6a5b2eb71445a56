"""A team: who it is and where it stands. Its matches are /api/matches?team=."""

from fastapi import APIRouter
from starlette.responses import Response

from missing_table.tables.current import current_tables
from missing_table.tables.kept import KeptTables
from missing_table.tables.queries import versions_of
from missing_table.teams import queries
from missing_table.teams.schemas import Team, TeamClub, TeamStanding
from missing_table.web.answers import json_answer
from missing_table.web.dependencies import SeasonQuery, StateDep, season_or_current
from missing_table.web.problems import NotFound
from missing_table.web.schemas import Identity

router = APIRouter(prefix="/api", tags=["teams"])


@router.get("/teams/{team_id}", response_model=Team)
async def team(state: StateDep, team_id: Identity, season: SeasonQuery = None) -> Response:
    """A team with its row in every bracket that it stands in; of its newest season where none is given."""
    asked = season_or_current(state, season) if season else None
    async with state.connection() as connection:
        found = await queries.team(connection, team_id=team_id, season=asked)
        if found is None:
            raise NotFound(f"There is no team {team_id}: /api/search finds teams by name.")
        name = found["season"] or season_or_current(state, season)
        tables = await current_tables(connection, state.cache(KeptTables), versions_of(found))
    club = TeamClub(id=found["club_id"], name=found["club_name"]) if found["club_id"] else None
    return json_answer(
        Team(
            id=found["id"],
            season=name,
            name=found["name"],
            short_name=found["short_name"],
            age_group=found["age_group"],
            crest_url=found["crest_url"],
            club=club,
            standings=[
                TeamStanding(bracket=table.bracket, row=row)
                for table in tables
                for row in table.rows
                if row.team.id == team_id
            ],
        )
    )
