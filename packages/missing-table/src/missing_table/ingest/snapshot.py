"""Lands what a document says as a whole: which matches it lists, and its published tables (sql/snapshot.sql)."""

import hashlib
import json
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from match_contract import FeedSnapshot, Held, Refusal, shrank
from missing_table.ingest.dimensions import ensure_brackets, ensure_frame
from missing_table.ingest.known import Dimensions
from missing_table.ingest.landed import Landed
from missing_table.ingest.sql import copy, load, results
from missing_table.ingest.teams import Side, Teams, brackets_of_teams, ensure_teams

_SQL = load("snapshot")


def land_snapshot(connection: psycopg.Connection, dimensions: Dimensions, snapshot: FeedSnapshot) -> Landed:
    """Land a document, unless it holds too little to be believed beside what landed before."""
    shrunk = _shrunk(connection, snapshot)
    if shrunk:
        return Landed(refusal=(Refusal.SHRUNK, shrunk))
    source = snapshot.source.value
    ensure_frame(
        connection, dimensions, seasons={snapshot.season}, leagues={snapshot.league.value}, ages=set(), divisions=set()
    )
    ids = ensure_brackets(connection, dimensions, source, snapshot.brackets, snapshot.observed_at)
    teams = ensure_teams(
        connection,
        dimensions,
        (
            Side(source, row.team, snapshot.observed_at, listed=True)
            for bracket in snapshot.brackets
            for row in bracket.teams
        ),
    )
    touched = _land_standings(connection, snapshot, ids, teams) | brackets_of_teams(connection, teams.renamed)
    connection.execute(
        _SQL["keep"],
        {
            "snapshot_id": snapshot.snapshot_id,
            "run_id": snapshot.run_id,
            "source": source,
            "site": snapshot.site,
            "key": snapshot.key,
            "season_id": dimensions.seasons.ids[snapshot.season,],
            "league_id": dimensions.leagues.ids[snapshot.league.value,],
            "observed_at": snapshot.observed_at,
            "scope": list(snapshot.scope) if snapshot.scope is not None else None,
            "parts": snapshot.parts,
            "external_ids": list(snapshot.external_ids),
            "scored": snapshot.scored,
            "documents": Jsonb([document.model_dump(mode="json") for document in snapshot.documents]),
            "accept_shrink": snapshot.accept_shrink,
        },
    )
    return Landed(brackets=touched)


def _shrunk(connection: psycopg.Connection, snapshot: FeedSnapshot) -> str | None:
    """The shrink guard: why this document is not to be believed, or None."""
    if snapshot.accept_shrink:
        return None
    row = connection.execute(
        _SQL["last_landed"], {"source": snapshot.source.value, "site": snapshot.site, "key": snapshot.key}
    ).fetchone()
    if row is None or snapshot.observed_at <= row[2]:
        return None
    return shrank(snapshot.key, Held(row[0], row[1]), Held(len(snapshot.external_ids), snapshot.scored))


def _land_standings(
    connection: psycopg.Connection, snapshot: FeedSnapshot, ids: dict[tuple[str, str], int], teams: Teams
) -> set[int]:
    """The brackets whose published table says something else now."""
    if not snapshot.brackets:
        return set()
    covered: list[tuple[Any, ...]] = []
    standing: dict[tuple[int, int], tuple[Any, ...]] = {}
    for bracket in snapshot.brackets:
        bracket_id = ids[bracket.season, bracket.external_id]
        text = json.dumps([row.model_dump(mode="json") for row in bracket.teams], sort_keys=True)
        covered.append((bracket_id, snapshot.observed_at, hashlib.sha256(text.encode()).hexdigest()))
        for row in bracket.teams:
            team_id = teams.id_of(snapshot.source.value, row.team)
            if team_id is not None:
                standing[bracket_id, team_id] = (
                    bracket_id,
                    team_id,
                    row.position,
                    Jsonb(row.values),
                    snapshot.observed_at,
                )
    results(connection, _SQL["tables"])
    copy(connection, "covered", covered)
    copy(connection, "standing", standing.values())
    *_, (_, changed) = results(connection, _SQL["standings"])
    return {bracket for (bracket,) in changed}
