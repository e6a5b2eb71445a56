"""A back-fill: a whole past season through the queue, from the platform that carries it; and its rankings.

The run is the ordinary one (plan, guard, receipts, report). What differs stands here: which platform has which season,
the source of the seasons up to 2025-26 with its progress bar, and the Quality of Play tables, which no target holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import structlog
from pydantic import ValidationError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from match_contract import League, QualitySnapshot, Season, Source, season_of
from match_scraper import Discovery, FeedKey, LandedFeed, Reader, Reading, SourceError, Validators, modular11
from match_scraper.fragments import Quality
from match_scraper_agent.report import RunResult
from match_scraper_agent.run import Options
from match_scraper_agent.settings import Settings, SettingsError
from match_scraper_agent.source import reader_settings
from match_scraper_agent.submit import Payload
from match_scraper_agent.targets import EVERY_LEAGUE, Target
from match_scraper_agent.work import Work

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

NO_MODEL = "a back-fill needs no decision: it ran without a model"


def check(source: str, season: Season) -> None:
    """Raises SettingsError where that platform does not carry that season."""
    if source not in tuple(Source):
        raise SettingsError(f"--source {source!r}: choose one of {', '.join(Source)}")
    right = Source.MODULAR11 if season <= modular11.LAST_SEASON else Source.ASSIST
    if source != right:
        raise SettingsError(
            f"the season {season} is not on {source}: read it with --source {right} --season {season}"
            if source == Source.ASSIST
            else f"{source} carries the seasons up to {modular11.LAST_SEASON}: name one with --season, such as "
            f"--season {modular11.LAST_SEASON}"
        )


def is_backfill(source: str, season: Season, today: Season) -> bool:
    """True where a run is about a season that is over, or about the platform of such seasons."""
    return source == Source.MODULAR11 or season < today


def options_of(options: Options, source: str) -> Options:
    """The options of a back-fill: every league of the platform where no target is named, all of it, no model."""
    targets = options.targets if options.named else EVERY_LEAGUE
    if source == Source.MODULAR11:
        known = tuple(target for target in targets if target.league in modular11.TOURNAMENTS)
        if not known:
            raise SettingsError(f"modular11 has no {targets[0].league}: it has {', '.join(modular11.TOURNAMENTS)}")
        targets = known
    return replace(options, targets=targets, named=True, use_model=False, without_model=NO_MODEL)


class Bar:
    """A progress bar that appears when there is something to show. Use it with `with`."""

    def __init__(self, console: Console) -> None:
        self._bar = Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console, transient=True)
        self._task = self._bar.add_task("reading", total=None)

    def tell(self, done: int, total: int, name: str) -> None:
        """As `modular11.Progress`."""
        self._bar.start()
        self._bar.update(self._task, completed=done, total=total, description=name, refresh=True)
        if done == total:
            self._bar.stop()

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


class Modular11Source:
    """The platform of the seasons up to 2025-26. What was read stays on disk until it has landed: see `modular11`."""

    def __init__(
        self,
        settings: Settings,
        targets: Sequence[Target],
        progress: modular11.Progress = lambda done, total, name: None,
    ) -> None:
        self._settings = reader_settings(settings)
        self._now = settings.now()
        self._targets = targets
        self._progress = progress
        self._reader: Reader | None = None

    async def discover(self, season: Season, last_known: Sequence[FeedKey]) -> Discovery:
        found = modular11.find_keys(self._settings, season)
        keys = tuple(
            modular11.key_of(season, key.league, *self._part(key.league)) for key in found.keys if self._of(key.league)
        )
        return replace(found, keys=keys)

    async def read(
        self,
        key: FeedKey,
        *,
        viewer_url: str,
        validators: Mapping[str, Validators],
        landed: LandedFeed | None,
        accept_shrink: bool,
    ) -> Reading:
        ages, divisions = self._part(key.league)
        return await modular11.read_league(
            self._open(),
            key,
            now=self._now,
            ages=ages,
            divisions=divisions,
            validators=validators,
            landed=landed,
            accept_shrink=accept_shrink,
            progress=self._progress,
        )

    def _of(self, league: League) -> list[Target]:
        return [target for target in self._targets if target.league is league]

    def _part(self, league: League) -> tuple[list[str] | None, list[str] | None]:
        """Ages and divisions that this run's targets of a league want; None: all of them."""
        mine = self._of(league)
        ages = sorted({target.age_group for target in mine if target.age_group})
        divisions = sorted({target.division for target in mine if target.division})
        every_age = any(target.age_group is None for target in mine)
        everywhere = any(target.division is None for target in mine)
        return (None if every_age else ages), (None if everywhere else divisions)

    def _open(self) -> Reader:
        if self._reader is None:
            self._reader = Reader(self._settings)
        return self._reader

    async def send_rankings(self, work: Work) -> None:
        """Reads the Quality of Play tables of the run's leagues and ages and sends each age's through the queue.

        The database keeps those that say something new. One that cannot be read is a warning.
        """
        for league in dict.fromkeys(target.league for target in self._targets):
            for age in self._part(league)[0] or modular11.AGES:
                work.say(f"reading Quality of Play: {age} {league}")
                try:
                    rows = await modular11.read_quality_of_play(self._open(), league, age)
                    message = rankings(rows, league, age, run_id=work.run_id, now=self._now)
                except SourceError as error:
                    work.warnings.append(f"{error.outcome}: {error.detail}")
                    continue
                except ValidationError as error:
                    work.warnings.append(f"Quality of Play of {age} {league}: {error.errors()[0]['msg']}: not taken")
                    continue
                if message is not None and not work.dry_run:
                    await work.send_alone(message)

    def forget_what_landed(self, season: Season, result: RunResult) -> None:
        """Forgets the slices kept on disk, once everything of the run is in the database."""
        if not result.dry_run and all(item.outcome in ("landed", "unchanged") for item in result.targets):
            modular11.forget(self._settings.state_dir, season)

    async def close(self) -> None:
        if self._reader is not None:
            await self._reader.close()
            self._reader = None


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
