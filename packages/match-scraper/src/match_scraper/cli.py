"""The command line `match-scraper`: `read` prints matches, `doctor` says what is reachable. Sends nothing anywhere.

Exit codes: 0 done (a season that is not published is said), 1 a feed failed or a match was rejected, 2 bad usage or
settings, 3 nothing could be read.
"""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, cast

import structlog
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from match_contract import League, Match, Season, Source, envfile, season_of
from match_contract.envfile import EnvFileError
from match_contract.zones import use_locked_zones
from match_scraper.doctor import examine
from match_scraper.http import Reader
from match_scraper.outcomes import Outcome, SourceError
from match_scraper.platform import Platform
from match_scraper.platforms import PLATFORMS, not_carried
from match_scraper.printing import csv_of, examination, plain, summary, table_of, tell
from match_scraper.settings import ReaderSettings
from match_scraper.values import WHOLE, BrowserMode, Part, Reading

DONE, FAILED, BAD_USAGE, NOTHING_READ = 0, 1, 2, 3

app = typer.Typer(name="match-scraper", no_args_is_help=True, pretty_exceptions_enable=False)
err = Console(stderr=True)

SeasonOption = Annotated[str | None, typer.Option("--season", help="Such as 2026-27; the current one when left out.")]
BrowserOption = Annotated[str, typer.Option("--browser", help="always, auto or never.")]
EnvFileOption = Annotated[Path | None, typer.Option("--env-file", help="NAME=value lines, under the environment.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


class BadUsage(Exception):
    """An option that cannot be: one sentence."""


@app.callback()
def front_door() -> None:
    """Reads mlssoccer.com's fixtures, results and tables."""
    use_locked_zones()
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
    site = Source(source)
    if not site.carries(wanted):
        raise BadUsage(not_carried(site, wanted))
    if chosen is not None and chosen not in site.leagues:
        raise BadUsage(f"{source} has no {chosen}: choose one of {', '.join(site.leagues)}")
    readings, warnings = asyncio.run(_read(PLATFORMS[site], settings, wanted, choice, _browser(browser)))
    matches = [match for reading in readings for match in reading.matches if choice.takes(match)]
    for said in (*warnings, *(said for one in readings for said in (*one.oddities, *one.notes))):
        err.print(f"note: {said}", style="dim", highlight=False, soft_wrap=True)
    for reading in readings:
        style = "red" if reading.outcome.is_failure else "green"
        err.print(f"{reading.outcome}: {reading.detail}", style=style, highlight=False, soft_wrap=True)
        for item in reading.rejected:
            err.print(f"rejected: {item.external_id}: {item.reason}: {item.detail}", style="red", soft_wrap=True)
    if as_json:
        typer.echo(json.dumps({"readings": [summary(one) for one in readings], "matches": plain(matches)}, indent=1))
    elif as_csv:
        typer.echo(csv_of(matches), nl=False)
    else:
        Console().print(table_of(matches))
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
        typer.echo(json.dumps(examination(found), indent=1))
    else:
        tell(found, Console())
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

    @property
    def part(self) -> Part:
        """Return what a platform that reads in parts is asked for."""
        if self.age_group is None and self.division is None:
            return WHOLE
        return Part((self.age_group.upper(),) if self.age_group else None, (self.division,) if self.division else None)

    def takes(self, match: Match) -> bool:
        """By what the match says of itself, whatever was asked for."""
        return (
            self.league in (None, match.league)
            and (self.age_group is None or self.age_group.casefold() == match.age_group.casefold())
            and (self.division is None or self.division.casefold() == (match.division or "").casefold())
        )


async def _read(
    platform: Platform, settings: ReaderSettings, season: Season, choice: "Choice", browser: BrowserMode
) -> tuple[list[Reading], tuple[str, ...]]:
    """Read what is chosen of a season, with a bar where a platform tells how far it is."""
    leagues = platform.source.leagues if choice.league is None else (choice.league,)
    selection = dict.fromkeys(leagues, choice.part)
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=err, transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def tell(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, description=name)

        found = await platform.discover(settings, season=season, browser=browser, selection=selection)
        async with Reader(settings) as reader:
            readings = [
                await platform.read(
                    reader,
                    key,
                    viewer_url=found.viewer_url,
                    now=datetime.now(UTC),
                    validators={},
                    part=selection[key.league],
                    progress=tell,
                )
                for key in found.keys
                if key.league in selection
            ]
    if not any(reading.outcome.is_failure for reading in readings):
        platform.forget(settings.state_dir, season)
    return readings, found.warnings


def exit_code(readings: Sequence[Reading]) -> int:
    """Return the exit code: nothing read 3, something failed or rejected 1, else 0."""
    failed = [reading for reading in readings if reading.outcome.is_failure]
    if failed and not any(reading.outcome is Outcome.READ for reading in readings):
        return NOTHING_READ
    return FAILED if failed or any(reading.rejected for reading in readings) else DONE


def _settings(env_file: Path | None) -> ReaderSettings:
    try:
        written = envfile.read(*envfile.with_secrets(env_file)) if env_file is not None else {}
        return ReaderSettings(**envfile.of_fields(ReaderSettings, "AGENT_", written, os.environ))
    except EnvFileError as error:
        raise BadUsage(str(error)) from None
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
