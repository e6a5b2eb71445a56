"""Which platform is there today, and which keys it names: the browser's job, or, without it, what was last known."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from match_contract import Season, Source
from match_contract.zones import zone_warnings
from match_scraper import browser as chromium
from match_scraper.assist.keys import feed_key, of_season, usual_keys
from match_scraper.browser import Sighting
from match_scraper.http import Reader
from match_scraper.outcomes import SourceError
from match_scraper.settings import ReaderSettings
from match_scraper.values import BrowserMode, Discovery, FeedKey, Linked

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def discover(
    settings: ReaderSettings, *, season: Season, browser: BrowserMode = "always", last_known: Sequence[FeedKey] = ()
) -> Discovery:
    """Look at mlssoccer.com. Raises SourceError where the browser fails and `browser` is `always`.

    `auto` then goes on with `last_known` and says so in `warnings`; `never` starts with it. Where nothing is known
    the keys follow the platform's own naming for that season.
    """
    found = await _discover(settings, season, browser, last_known)
    return replace(found, warnings=(*found.warnings, *zone_warnings(datetime.now(UTC).date())))


async def _discover(
    settings: ReaderSettings, season: Season, browser: BrowserMode, last_known: Sequence[FeedKey]
) -> Discovery:
    if browser == "never":
        return known(settings, season, last_known, "no browser was asked for")
    try:
        async with Reader(settings) as reader:
            await reader.ask_robots(settings.source_url.rstrip("/") + chromium.SCHEDULES)
        sighting = await chromium.look(settings)
    except SourceError as error:
        log.warning("browser.failed", outcome=error.outcome.value, detail=error.detail)
        if browser == "always":
            raise
        found = known(settings, season, last_known, f"the browser failed ({error.outcome}: {error.detail})")
        kept = tuple(f"kept for a person to look at: {file}" for file in error.evidence)
        return replace(found, evidence=error.evidence, warnings=found.warnings + kept)
    return from_sighting(sighting, season, last_known)


def known(settings: ReaderSettings, season: Season, last_known: Iterable[FeedKey], why: str) -> Discovery:
    """What is read without a look at the page: the last known keys of the season, or the usual ones."""
    keys = of_season(last_known, season)
    which = "the last known keys" if keys else "the keys that the viewer usually has"
    return Discovery(
        platform=Source.ASSIST,
        viewer_url=settings.viewer_url.rstrip("/"),
        keys=keys or usual_keys(season),
        browser_used=False,
        warnings=(f"{why}: going on over HTTP with {which}",),
    )


def from_sighting(sighting: Sighting, season: Season, last_known: Iterable[FeedKey] = ()) -> Discovery:
    """What the page showed, for a season: its keys there, those of other seasons, and what is new or strange."""
    warnings = list(sighting.warnings)
    found: dict[str, FeedKey] = {}
    for linked in (*sighting.linked, *(Linked(key) for key in sighting.opened)):
        key = feed_key(linked.key, linked.name)
        if key is None:
            warnings.append(f"the viewer names {linked.key!r}, which is no competition that we know: it is not read")
        else:
            found.setdefault(key.key, key)
    keys = of_season(found.values(), season)
    others = tuple(key for key in found.values() if key.season != season)
    newer = sorted({key.season for key in others if key.season > season})
    warnings += [f"the season {new} has appeared: {_names(of_season(others, new))}" for new in newer]
    if not keys:
        keys = renamed(others, season) or usual_keys(season)
        warnings.append(f"the viewer names no key of {season}: asking for {_names(keys)}, named as the others are")
    there = {key.league for key in keys}
    lost = tuple(key for key in of_season(last_known, season) if key.league not in there)
    if sighting.linked and lost:
        keys += lost
        warnings.append(f"the viewer no longer names {_names(lost)}, known from before: asking for it all the same")
    if not sighting.linked:
        keys = of_season((*keys, *(of_season(last_known, season) or usual_keys(season))), season)
        warnings.append(f"the viewer did not say which competitions there are: asking for {_names(keys)}")
    return Discovery(
        platform=Source.ASSIST,
        viewer_url=sighting.viewer_url,
        keys=keys,
        browser_used=True,
        other_seasons=others,
        warnings=tuple(warnings),
        timings=sighting.timings,
    )


def renamed(others: Iterable[FeedKey], season: Season) -> tuple[FeedKey, ...]:
    """The keys that the same competitions have in another season."""
    moved = (
        FeedKey(key.key.removesuffix(key.season.key_suffix) + season.key_suffix, key.league, season) for key in others
    )
    return tuple({key.key: key for key in moved}.values())


def _names(keys: Iterable[FeedKey]) -> str:
    return ", ".join(key.key for key in keys)
