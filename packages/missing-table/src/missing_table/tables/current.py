"""Today's tables and counts: the kept one where its bracket has not changed, else read and made."""

from collections.abc import Iterable

from match_contract import League
from missing_table.database import Connection
from missing_table.kept import Version
from missing_table.tables import queries
from missing_table.tables.build import build_table
from missing_table.tables.kept import Counts, KeptTable, KeptTables
from missing_table.tables.schemas import Bracket, Table


async def current_tables(connection: Connection, kept: KeptTables, versions: Iterable[Version]) -> list[Table]:
    """The tables of these brackets, in their order; in one statement all that must be read."""
    return [made.table for made in await _made(connection, kept, list(versions))]


async def current_table(connection: Connection, kept: KeptTables, version: Version) -> KeptTable | None:
    """The table of one bracket with what it is made of; None where it is gone since its version was read."""
    return next(iter(await _made(connection, kept, [version])), None)


async def _made(connection: Connection, kept: KeptTables, asked: list[Version]) -> list[KeptTable]:
    found = {version.bracket_id: made for version in asked if (made := kept.get(version))}
    if missing := [version.bracket_id for version in asked if version.bracket_id not in found]:
        for standing in await queries.standings(connection, bracket_ids=missing):
            found[standing.bracket.id] = KeptTable(standing, build_table(standing))
            kept.put(found[standing.bracket.id])
    return [found[version.bracket_id] for version in asked if version.bracket_id in found]


async def current_brackets(
    connection: Connection,
    kept: KeptTables,
    *,
    season: str,
    league: League | None = None,
    age_group: str | None = None,
    division: str | None = None,
) -> list[Bracket]:
    """Return the brackets of a season whose matches are read. Only those are counted anew whose counts are not kept."""
    rows = await queries.brackets(connection, season=season, league=league, age_group=age_group, division=division)
    counts = {row["id"]: kept.counts_of(Version(row["id"], row["version"], row["synced_at"])) for row in rows}
    if missing := [bracket_id for bracket_id, found in counts.items() if found is None]:
        for row in await queries.counts(connection, bracket_ids=missing):
            counted = Counts(row["teams"], row["matches"], row["played"])
            kept.put_counts(Version(row["bracket_id"], row["version"], row["synced_at"]), counted)
            counts[row["bracket_id"]] = counted
    made = [Bracket(**row, **found._asdict()) for row in rows if (found := counts[row["id"]])]
    return [bracket for bracket in made if bracket.is_read]
