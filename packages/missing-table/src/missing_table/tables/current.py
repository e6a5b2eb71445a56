"""Today's tables: the kept one where its bracket has not changed, else read and made."""

from collections.abc import Iterable

from missing_table.tables import queries
from missing_table.tables.build import build_table
from missing_table.tables.kept import KeptTable, KeptTables, Version
from missing_table.tables.schemas import Table
from missing_table.web.state import Connection


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
