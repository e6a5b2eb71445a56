"""Finds or makes what a match stands on: season, league, age group, division, bracket. Ids only.

Of two observations of the same thing the newer one names it; at equal moments the greater one, so the order in which
they arrive does not matter. A process remembers what the database holds: a document's later batches ask nothing.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime

import psycopg

from match_contract import Bracket, Season
from missing_table.ingest.known import DimensionRow, Dimensions, ensure, number_of, writer
from missing_table.ingest.sql import load

SQL = load("dimensions")
EVER = datetime.min.replace(tzinfo=UTC)


def slug(name: str) -> str:
    """A name as it stands in an address: "Southeast (Pro Player Pathway)" -> "southeast-pro-player-pathway"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "x"


def ensure_brackets(
    connection: psycopg.Connection,
    dimensions: Dimensions,
    source: str,
    brackets: Iterable[Bracket],
    observed_at: datetime,
) -> dict[tuple[str, str], int]:
    """Ids by (season, external id), with the season, league, age group and division that each of them names."""
    given = tuple(brackets)
    ensure_frame(
        connection,
        dimensions,
        seasons={bracket.season for bracket in given},
        leagues={bracket.league.value for bracket in given},
        ages={bracket.age_group for bracket in given},
        divisions={(bracket.league.value, bracket.division) for bracket in given},
    )
    wanted = {
        (bracket.season, bracket.external_id): DimensionRow(
            (source, str(dimensions.seasons.ids[bracket.season,]), bracket.external_id),
            (
                number_of(dimensions.leagues.ids[bracket.league.value,]),
                number_of(dimensions.divisions.ids[bracket.league.value, bracket.division]),
                number_of(dimensions.ages.ids[bracket.age_group,]),
                bracket.gender,
                "true" if bracket.computed else "false",
            ),
            observed_at,
        )
        for bracket in given
    }
    ids = ensure(dimensions.brackets, wanted.values(), writer(connection, SQL["brackets"]))
    return {key: ids[place.key] for key, place in wanted.items()}


def ensure_frame(
    connection: psycopg.Connection,
    dimensions: Dimensions,
    *,
    seasons: set[str],
    leagues: set[str],
    ages: set[str],
    divisions: set[tuple[str, str]],
) -> None:
    """Seasons, leagues, age groups and divisions by name; they have no observations, they only are."""
    whole = [(Season.parse(name).first_day.isoformat(), Season.parse(name).last_day.isoformat()) for name in seasons]
    ensure(
        dimensions.seasons,
        [DimensionRow((name,), bounds, EVER) for name, bounds in zip(seasons, whole, strict=True)],
        writer(connection, SQL["seasons"]),
    )
    ensure(
        dimensions.leagues, [DimensionRow((name,), (), EVER) for name in leagues], writer(connection, SQL["leagues"])
    )
    ensure(dimensions.ages, [DimensionRow((name,), (), EVER) for name in ages], writer(connection, SQL["age_groups"]))
    ensure(
        dimensions.divisions,
        [DimensionRow((league, name), (slug(name),), EVER) for league, name in divisions],
        writer(connection, SQL["divisions"]),
    )
