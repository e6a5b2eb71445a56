"""Lands a batch: its matches against what is stored, by the rules in sql/merge.sql. One statement a step."""

from collections import Counter
from typing import NamedTuple

import psycopg

from match_contract import Counts
from missing_table.ingest.faults import RaceLost
from missing_table.ingest.incoming import INCOMING, fill
from missing_table.ingest.judged import JudgedBatch
from missing_table.ingest.known import Dimensions
from missing_table.ingest.landed import Landed
from missing_table.ingest.prepare import PreparedBatch, prepare
from missing_table.ingest.sql import load, results
from missing_table.ingest.teams import brackets_of_teams, join_brackets

_SQL = load("batch")
_MERGE = load("merge", incoming=INCOMING)


def land_batch(connection: psycopg.Connection, dimensions: Dimensions, judged: JudgedBatch) -> Landed:
    prepared = prepare(connection, dimensions, judged)
    refused = judged.refused + prepared.refused
    by_target: dict[str, Counter[str]] = {}
    for repeated in judged.repeated:
        by_target.setdefault(repeated, Counter())["unchanged"] += 1
    for item in refused:
        by_target.setdefault(item.target, Counter())["rejected"] += 1
    merged = _merge(connection, prepared) if prepared.rows else NOT_MERGED
    if prepared.rows:
        join_brackets(connection, dimensions, prepared.members)
    for target, outcome, count in merged.outcomes:
        by_target.setdefault(target, Counter())[outcome] += count
    for target, count in (Counter(row.target for row in prepared.rows) - merged.counted()).items():
        by_target.setdefault(target, Counter())["unchanged"] += count
    brackets = merged.brackets | brackets_of_teams(connection, prepared.renamed_teams)
    counts = {target: Counts(**counter) for target, counter in by_target.items()}
    late = _newer_landed(connection, judged, prepared.competitions if merged.wrote else set())
    ids = [match.external_id for match in judged.matches]
    return Landed(
        counts=sum(counts.values(), start=Counts()),
        by_target=counts,
        brackets=brackets,
        changed=merged.changed,
        absences=late,
        external_ids=ids,
        refused=refused,
    )


class Merged(NamedTuple):
    """What merge.sql did: (target, outcome, count), the matches that changed and in what, the brackets that show it."""

    outcomes: list[tuple[str, str, int]]
    changed: list[tuple[int, list[str]]]
    brackets: set[int]
    wrote: bool

    def counted(self) -> Counter[str]:
        """Matches by target for which an outcome is known; the others are as they were."""
        counted: Counter[str] = Counter()
        for target, _, count in self.outcomes:
            counted[target] += count
        return counted


NOT_MERGED = Merged([], [], set(), False)


def _merge(connection: psycopg.Connection, prepared: PreparedBatch) -> Merged:
    fill(connection, prepared.rows)
    *_, (_, new) = results(connection, _MERGE["new"])
    outcomes: list[tuple[str, str, int]] = [(target, "inserted", count) for target, _, count in new]
    changed: list[tuple[int, list[str]]] = []
    brackets: set[int] = {bracket for _, named, _ in new for bracket in named}
    inserted = sum(count for *_, count in new)
    newer = differing = 0
    if inserted < len(prepared.rows):
        [(_, [(differing,)])] = results(connection, _MERGE["differing"])
    if differing:
        _, (updated, _), *_, (_, [(newer,)]), (_, others), (_, changed), (_, touched) = results(
            connection, _MERGE["changed"]
        )
        if updated != newer:
            raise RaceLost(f"{newer} matches were to be updated, {updated} were: another transaction came between")
        outcomes += others
        brackets |= {bracket for (bracket,) in touched}
    return Merged(outcomes, changed, brackets, bool(inserted or newer))


def _newer_landed(
    connection: psycopg.Connection, judged: JudgedBatch, competitions: set[tuple[str, int, int]]
) -> set[tuple[str, int, int]]:
    """Competitions of which a newer snapshot landed before this batch did: their absences must be judged again."""
    if not competitions:
        return set()
    oldest = min(match.observed_at for match in judged.matches)
    sources, seasons, leagues = (list(column) for column in zip(*sorted(competitions), strict=True))
    found = connection.execute(
        _SQL["newer_landed"], {"oldest": oldest, "sources": sources, "seasons": seasons, "leagues": leagues}
    )
    return {(source, season, league) for source, season, league in found}
