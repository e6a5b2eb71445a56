"""Read one league of a past season from modular11: its slices, what they mean, and the shrink guard."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from time import perf_counter

import httpx

from match_contract import League, Season, Source
from match_scraper.guards import guarded
from match_scraper.http import Reader
from match_scraper.modular11.names import TOURNAMENTS, key_of
from match_scraper.modular11.rows import understand
from match_scraper.modular11.slices import Page, Slice, find_slices, kept_or_read
from match_scraper.outcomes import Outcome, SourceError
from match_scraper.values import FeedKey, LandedFeed, Progress, Reading, Validators, no_progress


async def read_season(
    reader: Reader,
    season: Season,
    *,
    now: datetime,
    leagues: Collection[League] = tuple(TOURNAMENTS),
    ages: Collection[str] | None = None,
    divisions: Collection[str] | None = None,
    progress: Progress = no_progress,
) -> list[Reading]:
    """Reads the matches of a season, one reading a league; None means all ages, all divisions. See `read_league`."""
    return [
        await read_league(
            reader, key_of(season, league, ages, divisions), now=now, ages=ages, divisions=divisions, progress=progress
        )
        for league in leagues
    ]


async def read_league(
    reader: Reader,
    key: FeedKey,
    *,
    now: datetime,
    ages: Collection[str] | None = None,
    divisions: Collection[str] | None = None,
    validators: Mapping[str, Validators] | None = None,
    landed: LandedFeed | None = None,
    accept_shrink: bool = False,
    progress: Progress = no_progress,
) -> Reading:
    """Reads one league of a season. Never raises for what the source does: the reading has a named outcome.

    Slices that were read stay in `state_dir`/backfill for a day, or until `forget` is called, so a second call goes on
    where the first one stopped. The platform has no validators: where the rows' hash is the one that landed, it is
    `unchanged`. `landed`, `accept_shrink`: as for `read_feed`.
    """
    site = httpx.URL(reader.settings.modular11_url).host
    empty = Reading(key=key, outcome=Outcome.UNREACHABLE, detail="", source=Source.MODULAR11, site=site)
    started, requests, size = perf_counter(), reader.requests, reader.bytes_read
    try:
        slices = await find_slices(reader, key.league, ages, divisions)
        pages: list[tuple[Slice, Page]] = []
        for done, piece in enumerate(slices):
            progress(done, len(slices), piece.name)
            pages.append((piece, await kept_or_read(reader, key.season, piece, now)))
        progress(len(slices), len(slices), key.league.value)
        reading = understand(empty, pages, now)
    except SourceError as error:
        reading = replace(empty, outcome=error.outcome, detail=f"{key.key}: {error.detail}")
    known = reading.documents if reading.outcome is Outcome.READ else ()
    if any((validators or {}).get(ref.path, Validators()).sha256 == ref.sha256 for ref in known):
        reading = replace(empty, outcome=Outcome.UNCHANGED, detail=f"{key.key}: unchanged since it last landed")
    elif not accept_shrink:
        reading = guarded(reading, landed)
    return replace(
        reading,
        timings={"all_s": perf_counter() - started},
        requests=reader.requests - requests,
        bytes_read=reader.bytes_read - size,
    )
