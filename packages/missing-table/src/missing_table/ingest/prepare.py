"""Turns matches into rows of `incoming`: every name becomes an id, and what nothing resolves is refused."""

from typing import NamedTuple

import psycopg

from match_contract import Match
from missing_table.ingest.dimensions import ensure_brackets, ensure_frame
from missing_table.ingest.incoming import IncomingRow
from missing_table.ingest.judged import JudgedBatch, Reason, Refused, refuse_match
from missing_table.ingest.known import Dimensions
from missing_table.ingest.placement import PlacementCache
from missing_table.ingest.teams import Side, ensure_teams
from missing_table.ingest.venues import ensure_venues, venue_key


class PreparedBatch(NamedTuple):
    """A batch as `incoming` wants it, and what had to be turned away on the way there."""

    rows: list[IncomingRow]
    refused: list[Refused]
    members: set[tuple[int, int]]
    renamed_teams: list[int]
    competitions: set[tuple[str, int, int]]


def prepare(connection: psycopg.Connection, dimensions: Dimensions, judged: JudgedBatch) -> PreparedBatch:
    matches, refused = judged.matches, list[Refused]()
    if not matches:
        return PreparedBatch([], [], set(), [], set())
    observed_at = max(match.observed_at for match in matches)
    ensure_frame(
        connection,
        dimensions,
        seasons={match.season for match in matches},
        leagues={match.league.value for match in matches},
        ages={match.age_group for match in matches},
        divisions={(match.league.value, match.division) for match in matches if match.division},
    )
    sources = {match.source.value for match in matches}
    brackets = {
        (source, *key): identifier
        for source in sources
        for key, identifier in ensure_brackets(
            connection, dimensions, source, judged.header.brackets, observed_at
        ).items()
    }
    sides = [Side(str(match.source), team, match.observed_at) for match in matches for team in (match.home, match.away)]
    sides += [Side(source, team, observed_at, listed=True) for source in sources for team in judged.header.teams]
    teams = ensure_teams(connection, dimensions, sides)
    venues = ensure_venues(
        connection, dimensions, [(match.source, match.venue, match.observed_at) for match in matches if match.venue]
    )
    rows: list[IncomingRow] = []
    members: set[tuple[int, int]] = set()
    counted = PlacementCache(dimensions, brackets)
    for match, content_hash, target in zip(matches, judged.hashes, judged.targets, strict=True):
        source, venue = str(match.source), match.venue
        home, away = teams.id_of(source, match.home), teams.id_of(source, match.away)
        where = counted.of(match, source)
        if home is None or away is None or home == away or where is None:
            refused.append(_unresolved(match, home, away, target))
            continue
        for bracket in where.home_in:
            members.add((bracket, home))
        for bracket in where.away_in:
            members.add((bracket, away))
        rows.append(
            IncomingRow(
                source=source,
                season_id=where.season_id,
                external_id=match.external_id,
                event_id=match.event_id,
                league_id=where.league_id,
                age_group_id=where.age_group_id,
                division_id=where.division_id,
                competition=match.competition,
                home_team_id=home,
                away_team_id=away,
                kick_off=match.kick_off,
                timezone=match.timezone,
                local_date=match.local_date,
                time_set=match.time_set,
                venue_id=venues[venue_key(source, venue)] if venue else None,
                round_number=match.round_number,
                status=str(match.status),
                home_score=match.home_score,
                away_score=match.away_score,
                home_shootout=match.home_shootout,
                away_shootout=match.away_shootout,
                observed_at=match.observed_at,
                content_hash=content_hash,
                brackets=where.ids,
                sides=where.sides,
                target=target,
            )
        )
    return PreparedBatch(rows, refused, members, teams.renamed, {where.competition for where in counted.found()})


def _unresolved(match: Match, home: int | None, away: int | None, target: str) -> Refused:
    unknown = [team.name for team, found in ((match.home, home), (match.away, away)) if found is None]
    if unknown:
        reason, detail = Reason.UNKNOWN_TEAM, f"no team is called {' or '.join(map(repr, unknown))}"
        detail += ": add an alias and replay"
    elif home == away:
        reason, detail = Reason.MALFORMED, f"{match.home.name!r} and {match.away.name!r} are the same team"
    else:
        named = ", ".join(dict.fromkeys((*match.home_brackets, *match.away_brackets)))
        reason, detail = Reason.UNKNOWN_BRACKET, f"not all of its brackets ({named}) are among those of the batch"
    return refuse_match(match.model_dump(mode="json"), detail, reason, target=target)
