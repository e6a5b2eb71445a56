"""A back-fill: a whole past season through the queue, from the platform that carries it; and its rankings.

The run is the ordinary one (plan, guard, receipts, report). What differs stands here: which platform has which season,
the progress bar, and the Quality of Play tables, which no target holds.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import structlog
from pydantic import ValidationError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from match_contract import League, QualitySnapshot, Season, Source, season_of
from match_scraper import PLATFORMS, Platform, Quality, SourceError, not_carried, platform_of
from match_scraper_agent.broker import Payload
from match_scraper_agent.report import RunResult
from match_scraper_agent.run import Options
from match_scraper_agent.settings import SettingsError
from match_scraper_agent.source import PlatformSource
from match_scraper_agent.targets import EVERY_LEAGUE
from match_scraper_agent.work import Work

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

NO_MODEL = "a back-fill needs no decision: it ran without a model"


def platform_for(source: str | None, season: Season) -> Platform:
    """Return the platform of that name, or the season's own; raises SettingsError where it lacks the season."""
    if source is None:
        return platform_of(season)
    if source not in tuple(Source):
        raise SettingsError(f"--source {source!r}: choose one of {', '.join(Source)}")
    if not Source(source).carries(season):
        raise SettingsError(not_carried(Source(source), season))
    return PLATFORMS[Source(source)]


def is_backfill(platform: Platform, season: Season, today: Season) -> bool:
    """Return True where a run is about a season that is over, or about a platform of such seasons."""
    return platform.source.is_past or season < today


def options_of(options: Options, platform: Platform) -> Options:
    """Return the options of a back-fill: every league of the platform where no target is named, and no model."""
    targets = options.targets if options.named else EVERY_LEAGUE
    leagues = platform.source.leagues
    known = tuple(target for target in targets if target.league in leagues)
    if not known:
        raise SettingsError(f"{platform.source} has no {targets[0].league}: it has {', '.join(leagues)}")
    return replace(options, targets=known, named=True, use_model=False, without_model=NO_MODEL)


class Bar:
    """A progress bar that appears when there is something to show. Use it with `with`."""

    def __init__(self, console: Console) -> None:
        self._bar = Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console, transient=True)
        self._task = self._bar.add_task("reading", total=None)

    def tell(self, done: int, total: int, name: str) -> None:
        """Show that so much of the reading is done, as `match_scraper.Progress`."""
        self._bar.start()
        self._bar.update(self._task, completed=done, total=total, description=name, refresh=True)
        if done == total:
            self._bar.stop()

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def send_rankings(
    source: PlatformSource, leagues: Sequence[League], now: datetime
) -> Callable[[Work], Coroutine[None, None, None]]:
    """Return what reads the Quality of Play tables of these leagues and sends each age's through the queue.

    The database keeps those that say something new. One that cannot be read is a warning.
    """

    async def send(work: Work) -> None:
        for league, age in [(one, age) for one in leagues for age in source.ranked_ages(one)]:
            work.told.say(f"reading Quality of Play: {age} {league}")
            try:
                rows = await source.rankings(league, age)
                message = rankings(rows, league, age, run_id=work.run_id, now=now)
            except SourceError as error:
                work.told.warn(f"{error.outcome}: {error.detail}")
                continue
            except ValidationError as error:
                work.told.warn(f"Quality of Play of {age} {league}: {error.errors()[0]['msg']}: not taken")
                continue
            if message is not None and not work.delivery.dry_run:
                await work.send_alone(message)

    return send


def has_landed(result: RunResult) -> bool:
    """Return True where everything of a run is in the database."""
    return not result.dry_run and all(item.outcome in ("landed", "unchanged") for item in result.targets)


def rankings(rows: Sequence[Quality], league: League, age: str, *, run_id: str, now: Any) -> Payload | None:
    """The message of one age's tables, None where there are none; raises ValidationError."""
    by_division: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_division.setdefault(row.division, []).append(
            {
                "rank": row.rank,
                "team": row.team,
                "matches": row.matches,
                "attack": row.attack,
                "defence": row.defence,
                "score": row.score,
            }
        )
    if not by_division:
        return None
    snapshot = QualitySnapshot.model_validate(
        {
            "run_id": run_id,
            "quality_id": str(uuid4()),
            "source": Source.MODULAR11,
            "season": season_of(now.date()).name,
            "league": league,
            "age_group": age,
            "taken_at": now,
            "tables": [{"division": division, "rows": lines} for division, lines in by_division.items()],
        }
    )
    return snapshot.model_dump(mode="json")
