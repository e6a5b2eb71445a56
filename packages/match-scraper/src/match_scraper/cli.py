"""The command line `match-scraper`: `read` prints matches, `doctor` says what is reachable. Sends nothing anywhere.

Exit codes: 0 done (a season that is not published is said), 1 a feed failed or a match was rejected, 2 bad usage or
settings, 3 nothing could be read.
"""

import asyncio
import csv
import io
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import structlog
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from match_contract import League, Match, Season, Source, season_of
from match_scraper import modular11
from match_scraper.discovery import discover
from match_scraper.doctor import Examination, age, examine
from match_scraper.feed import read_feed
from match_scraper.http import Reader
from match_scraper.outcomes import Outcome, SourceError
from match_scraper.settings import ReaderSettings
from match_scraper.values import BrowserMode, Reading

DONE, FAILED, BAD_USAGE, NOTHING_READ = 0, 1, 2, 3
COLUMNS = (
    "external_id", "league", "age_group", "division", "local_date", "kick_off", "time_set", "status", "home", "away",
    "home_score", "away_score", "home_shootout", "away_shootout", "venue",
)  # fmt: skip

app = typer.Typer(name="match-scraper", no_args_is_help=True, pretty_exceptions_enable=False)
err = Console(stderr=True)

SeasonOption = Annotated[str | None, typer.Option("--season", help="Such as 2026-27; the current one when left out.")]
BrowserOption = Annotated[str, typer.Option("--browser", help="always, auto or never.")]
EnvFileOption = Annotated[Path | None, typer.Option("--env-file", help="KEY=VALUE lines, under the environment.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


class BadUsage(Exception):
    """An option that cannot be: one sentence."""


@app.callback()
def front_door() -> None:
    """Reads mlssoccer.com's fixtures, results and tables."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@app.command()
def read(  # noqa: PLR0917 - Typer calls it by name
    season: SeasonOption = None,
    league: Annotated[str | None, typer.Option(help="Homegrown, Academy or Flex.")] = None,
    age_group: Annotated[str | None, typer.Option(help="Such as U14.")] = None,
    division: Annotated[str | None, typer.Option(help="Such as Northeast.")] = None,
    source: Annotated[str, typer.Option(help="assist, or modular11 for the seasons up to 2025-26.")] = "assist",
    browser: BrowserOption = "always",
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV on stdout.")] = False,
) -> None:
    """Reads the matches of a season and prints them."""
    settings, wanted = _settings(env_file), _season(season)
    chosen = _league(league)
    if as_json and as_csv:
        raise BadUsage("--json and --csv cannot both be printed: choose one")
    choice = Choice(chosen, age_group, division)
    if source not in tuple(Source):
        raise BadUsage(f"--source {source!r} is not one of {', '.join(Source)}")
    if (wanted > modular11.LAST_SEASON) is (source == Source.MODULAR11):
        right = Source.MODULAR11 if source == Source.ASSIST else Source.ASSIST
        raise BadUsage(f"the season {wanted} is not on {source}: read it with --source {right}")
    warnings: tuple[str, ...] = ()
    if source == Source.MODULAR11:
        readings = asyncio.run(_back_fill(settings, wanted, choice))
    else:
        with err.status("reading") if err.is_terminal else _Quiet():
            readings, warnings = asyncio.run(_read(settings, wanted, chosen, _browser(browser)))
    matches = [match for reading in readings for match in reading.matches if choice.takes(match)]
    for said in (*warnings, *(said for one in readings for said in (*one.oddities, *one.notes))):
        err.print(f"note: {said}", style="dim", highlight=False, soft_wrap=True)
    for reading in readings:
        style = "red" if reading.outcome.is_failure else "green"
        err.print(f"{reading.outcome}: {reading.detail}", style=style, highlight=False, soft_wrap=True)
        for item in reading.rejected:
            err.print(f"rejected: {item.external_id}: {item.reason}: {item.detail}", style="red", soft_wrap=True)
    if as_json:
        typer.echo(json.dumps({"readings": [_summary(one) for one in readings], "matches": _plain(matches)}, indent=1))
    elif as_csv:
        typer.echo(_csv(matches), nl=False)
    else:
        Console().print(_table(matches))
    raise typer.Exit(exit_code(readings))


@app.command()
def doctor(
    season: SeasonOption = None,
    browser: BrowserOption = "always",
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Says what is reachable, which platform and which keys are there, and how fresh they are."""
    settings, wanted = _settings(env_file), _season(season)
    with err.status("looking") if err.is_terminal else _Quiet():
        found = asyncio.run(examine(settings, season=wanted, browser=_browser(browser)))
    if as_json:
        typer.echo(json.dumps(_examination(found), indent=1))
    else:
        _tell(found, Console())
    nothing = all(reading.outcome.is_failure for reading in found.readings)
    raise typer.Exit(DONE if found.healthy else NOTHING_READ if nothing else FAILED)


class _Quiet:
    """No progress where nobody watches."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


@dataclass(frozen=True)
class Choice:
    """Which matches are printed; None: all."""

    league: League | None
    age_group: str | None
    division: str | None

    def takes(self, match: Match) -> bool:
        """By what the match says of itself, whatever was asked for."""
        return (
            self.league in (None, match.league)
            and (self.age_group is None or self.age_group.casefold() == match.age_group.casefold())
            and (self.division is None or self.division.casefold() == (match.division or "").casefold())
        )


async def _read(
    settings: ReaderSettings, season: Season, league: League | None, browser: BrowserMode
) -> tuple[list[Reading], tuple[str, ...]]:
    found = await discover(settings, season=season, browser=browser)
    async with Reader(settings) as reader:
        readings = [
            await read_feed(reader, key, viewer_url=found.viewer_url, validators={})
            for key in found.keys
            if league in (None, key.league)
        ]
    return readings, found.warnings


async def _back_fill(settings: ReaderSettings, season: Season, choice: "Choice") -> list[Reading]:
    leagues = tuple(modular11.TOURNAMENTS) if choice.league is None else (choice.league,)
    if not set(leagues) <= set(modular11.TOURNAMENTS):
        raise BadUsage(f"modular11 has no {choice.league}: choose one of {', '.join(modular11.TOURNAMENTS)}")
    async with Reader(settings) as reader:
        with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=err) as bar:
            task = bar.add_task("reading", total=None)

            def tell(done: int, total: int, name: str) -> None:
                bar.update(task, completed=done, total=total, description=name)

            readings = await modular11.read_season(
                reader,
                season,
                now=datetime.now(UTC),
                leagues=leagues,
                ages=[choice.age_group.upper()] if choice.age_group else None,
                divisions=[choice.division] if choice.division else None,
                progress=tell,
            )
    if not any(reading.outcome.is_failure for reading in readings):
        modular11.forget(settings.state_dir, season)
    return readings


def exit_code(readings: Sequence[Reading]) -> int:
    """By the table of the design: nothing read 3, something failed or rejected 1, else 0."""
    failed = [reading for reading in readings if reading.outcome.is_failure]
    if failed and not any(reading.outcome is Outcome.READ for reading in readings):
        return NOTHING_READ
    return FAILED if failed or any(reading.rejected for reading in readings) else DONE


def _settings(env_file: Path | None) -> ReaderSettings:
    if env_file is not None and not env_file.is_file():
        raise BadUsage(f"the env file {env_file} does not exist; name another with --env-file")
    try:
        return ReaderSettings(_env_file=env_file)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadUsage(f"AGENT_{'_'.join(map(str, first['loc'])).upper()}: {first['msg']}") from None


def _season(name: str | None) -> Season:
    try:
        return Season.parse(name) if name else season_of(datetime.now(UTC).date())
    except ValueError as error:
        raise BadUsage(str(error)) from None


def _league(name: str | None) -> League | None:
    if name is None:
        return None
    for league in League:
        if league.value.casefold() == name.casefold():
            return league
    raise BadUsage(f"unknown league {name!r}: choose one of {', '.join(League)}")


def _browser(mode: str) -> BrowserMode:
    if mode not in ("always", "auto", "never"):
        raise BadUsage(f"--browser {mode!r} is not one of always, auto, never")
    return cast(Literal["always", "auto", "never"], mode)


def _plain(matches: Sequence[Match]) -> list[dict[str, Any]]:
    return [match.model_dump(mode="json", exclude={"target"}) for match in matches]


def _summary(reading: Reading) -> dict[str, Any]:
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


def _csv(matches: Sequence[Match]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(_row(match) for match in matches)
    return text.getvalue()


def _table(matches: Sequence[Match]) -> Table:
    table = Table("no.", "bracket", "date", "home", "", "away", "status", title=f"{len(matches):,} matches")
    for match in matches:
        score = "" if match.home_score is None else f"{match.home_score}-{match.away_score}"
        bracket = f"{match.age_group} {match.league} {match.division or ''}"
        day = str(match.local_date)
        table.add_row(match.external_id, bracket, day, match.home.name, score, match.away.name, match.status.value)
    return table


def _examination(found: Examination) -> dict[str, Any]:
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
        "keys": [_summary(reading) for reading in found.readings],
        "next_season": [{"key": key.key, "published": published} for key, published in found.next_season],
    }


def _tell(found: Examination, out: Console) -> None:
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


def main() -> None:
    """Runs the command line; what a person can mend is one sentence."""
    try:
        app()
    except BadUsage as error:
        sys.stderr.write(f"match-scraper: {error}\n")
        raise SystemExit(BAD_USAGE) from None
    except SourceError as error:
        kept = "".join(f"\n  kept: {file}" for file in error.evidence)
        sys.stderr.write(f"match-scraper: {error.outcome}: {error.detail}{kept}\n")
        raise SystemExit(NOTHING_READ) from None


if __name__ == "__main__":
    main()
