"""Write readings, matches and an examination as JSON, CSV and tables."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from match_contract import Match
from match_scraper.doctor import Examination, age
from match_scraper.outcomes import Outcome
from match_scraper.values import Reading

COLUMNS = (
    "external_id", "league", "age_group", "division", "local_date", "kick_off", "time_set", "status", "home", "away",
    "home_score", "away_score", "home_shootout", "away_shootout", "venue",
)  # fmt: skip


def plain(matches: Sequence[Match]) -> list[dict[str, Any]]:
    return [match.model_dump(mode="json", exclude={"target"}) for match in matches]


def summary(reading: Reading) -> dict[str, Any]:
    return {
        "key": reading.key.key,
        "league": reading.key.league.value,
        "season": reading.key.season.name,
        "outcome": reading.outcome.value,
        "detail": reading.detail,
        "observed_at": reading.observed_at.isoformat() if reading.observed_at else None,
        "matches": len(reading.matches),
        "scored": reading.scored,
        "brackets": len(reading.brackets),
        "skipped": [{"external_id": one.external_id, "reason": one.reason} for one in reading.skipped],
        "rejected": [
            {"external_id": one.external_id, "reason": one.reason, "detail": one.detail, "payload": dict(one.payload)}
            for one in reading.rejected
        ],
        "notes": [*reading.oddities, *reading.notes],
        "canary": str(reading.canary) if reading.canary else None,
        "requests": reading.requests,
        "bytes_read": reading.bytes_read,
        "timings": {name: round(seconds, 4) for name, seconds in reading.timings.items()},
    }


def _row(match: Match) -> dict[str, Any]:
    flat = match.model_dump(mode="json", include=set(COLUMNS))
    return flat | {
        "home": match.home.name,
        "away": match.away.name,
        "venue": match.venue.name if match.venue else None,
    }


def csv_of(matches: Sequence[Match]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(_row(match) for match in matches)
    return text.getvalue()


def table_of(matches: Sequence[Match]) -> Table:
    table = Table("no.", "bracket", "date", "home", "", "away", "status", title=f"{len(matches):,} matches")
    for match in matches:
        score = "" if match.home_score is None else f"{match.home_score}-{match.away_score}"
        bracket = f"{match.age_group} {match.league} {match.division or ''}"
        day = str(match.local_date)
        table.add_row(match.external_id, bracket, day, match.home.name, score, match.away.name, match.status.value)
    return table


def examination(found: Examination) -> dict[str, Any]:
    error, discovery = found.browser_error, found.discovery
    return {
        "healthy": found.healthy,
        "platform": discovery.platform,
        "viewer_url": discovery.viewer_url,
        "browser_used": discovery.browser_used,
        "browser_error": {"outcome": error.outcome.value, "detail": error.detail} if error else None,
        "evidence": [str(file) for file in (error.evidence if error else ())],
        "warnings": list(discovery.warnings),
        "hosts": [{"host": host, "answers": not trouble, "trouble": trouble} for host, trouble in found.hosts],
        "keys": [summary(reading) for reading in found.readings],
        "next_season": [{"key": key.key, "published": published} for key, published in found.next_season],
    }


def tell(found: Examination, out: Console) -> None:
    error, discovery = found.browser_error, found.discovery
    if error is not None:
        out.print(f"page: {error.outcome}: {error.detail}", style="red", highlight=False, soft_wrap=True)
        for file in error.evidence:
            out.print(f"  kept: {file}", highlight=False, soft_wrap=True)
    elif discovery.browser_used:
        out.print(f"page: shows the {discovery.platform} viewer at {discovery.viewer_url}", highlight=False)
    for host, trouble in found.hosts:
        out.print(f"{host}: {trouble or 'answers'}", highlight=False, soft_wrap=True)
    for warning in discovery.warnings:
        out.print(f"note: {warning}", highlight=False, soft_wrap=True)
    table = Table("key", "outcome", "matches", "scored", "brackets", "written by the source", title="feeds")
    now = datetime.now(UTC)
    for reading in found.readings:
        counts = (len(reading.matches), reading.scored, len(reading.brackets))
        shown = [f"{count:,}" for count in counts] if reading.outcome is Outcome.READ else [""] * len(counts)
        table.add_row(reading.key.key, reading.outcome.value, *shown, age(reading.observed_at, now))
    out.print(table)
    for reading in found.readings:
        said = str(reading.canary) if reading.canary else reading.detail
        out.print(f"{reading.key.key}: {said}", highlight=False, soft_wrap=True)
    for key, published in found.next_season:
        state = {True: "HAS APPEARED", False: "not published yet", None: "cannot be asked"}[published]
        out.print(f"next season: {key.key}: {state}", highlight=False)
