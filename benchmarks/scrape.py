"""`./mt bench scrape`: how fast the reader is, against orjson on the same bytes, on the full generated season.

Starts its own replica (another process, a free port). Prints a list of measurements; `run()` returns it.
"""

import asyncio
import gc
import logging
import statistics
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
import structlog
from listing import show

from devstack.replica.handle import Replica, launch
from match_contract import Season
from match_scraper import Outcome, Reader, ReaderSettings, Reading, Validators, discover, document_paths, read_feed
from match_scraper.assist.documents import parse
from match_scraper.assist.keys import usual_keys
from match_scraper.assist.matches import understand
from match_scraper.assist.squads import join

SEASON = Season(2026)
TODAY = "2026-10-05"
NOW = datetime.fromisoformat(TODAY).replace(tzinfo=UTC) + timedelta(days=1)
"""The reader's clock, past the documents' own moment."""
ROUNDS = 7
Line = dict[str, Any]


def line(name: str, value: float, unit: str, peer: str | None = None, peer_value: float | None = None) -> Line:
    """One entry of the list; the ratio follows from value and peer's value."""
    ratio = round(value / peer_value, 3) if peer_value else None
    shown = None if peer_value is None else round(peer_value, 3)
    return {"name": name, "value": round(value, 3), "unit": unit, "peer": peer, "peer_value": shown, "ratio": ratio}


def expect(holds: bool, otherwise: str) -> None:
    """Ends the bench where it would measure something else than it says."""
    if not holds:
        raise SystemExit(f"bench scrape measured nothing: {otherwise}")


def best_of(rounds: int, *works: Callable[[], object]) -> list[float]:
    """The best time in seconds of each work, done in turn, so that a busy machine burdens all alike."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for index, work in enumerate(works):
            gc.collect()
            since = perf_counter()
            made = work()
            times[index].append(perf_counter() - since)
            del made
    return [min(one) for one in times]


def parsing(replica: Replica) -> list[Line]:
    """Bytes to typed structs, and the join; the peer loads the same bytes into dicts. Then the whole, to matches."""
    viewer = "https://mls-assist.theintelligenceplatform.com"
    bodies = {
        key: tuple(replica.get(viewer + path).content for path in document_paths(key.key)) for key in usual_keys(SEASON)
    }

    def ours() -> object:
        made = []
        for schedule, standings in bodies.values():
            documents = parse(schedule, standings)
            tables = documents.standings.competition_season.competition_brackets
            made.append((documents, join(documents.schedule.events, tables)))
        return made

    def theirs() -> object:
        return [orjson.loads(body) for pair in bodies.values() for body in pair]

    def to_matches() -> object:
        return [understand(parse(*pair), pair[0], key) for key, pair in bodies.items()]

    mine, peer, whole = best_of(ROUNDS, ours, theirs, to_matches)
    return [
        line("parse_vs_orjson", mine * 1000, "ms", "orjson.loads", peer * 1000),
        line("bytes_to_matches_ms", whole * 1000, "ms"),
    ]


async def reading(settings: ReaderSettings) -> list[Line]:
    """A whole season over HTTP, then the same again where nothing is new."""
    found = await discover(settings, season=SEASON, browser="never")
    async with Reader(settings) as reader:

        async def all_feeds(known: dict[str, Validators]) -> list[Reading]:
            return [
                await read_feed(reader, key, viewer_url=found.viewer_url, validators=known, now=NOW)
                for key in found.keys
            ]

        await all_feeds({})  # the replica compresses a body when it is first asked for it
        since = perf_counter()
        whole = await all_feeds({})
        read_s = perf_counter() - since
        known = {ref.path: Validators(ref.etag, ref.last_modified) for one in whole for ref in one.documents}
        times = []
        for _ in range(ROUNDS):
            since = perf_counter()
            again = await all_feeds(known)
            times.append(perf_counter() - since)
            expect(all(one.outcome is Outcome.UNCHANGED for one in again), "a feed was not unchanged")
            expect(sum(one.requests for one in again) == len(known), "more than one request a document")
            expect(sum(one.bytes_read for one in again) == 0, "an unchanged document had a body")
    return [line("unchanged_ms", statistics.median(times) * 1000, "ms"), line("read_season_s", read_s, "s")]


async def discovering(settings: ReaderSettings) -> list[Line]:
    """From a cold start of Chromium to the viewer and all its keys; the best of a few, the machine warm."""
    times = []
    for _ in range(3):
        since = perf_counter()
        found = await discover(settings, season=SEASON)
        times.append(perf_counter() - since)
        expect(len(found.keys) == len(usual_keys(SEASON)), "not all keys were found")
    return [line("discovery_s", min(times), "s")]


def run() -> list[Line]:
    """All measurements."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with (
        tempfile.TemporaryDirectory(prefix="mt-bench-") as folder,
        launch(Path(folder) / "replica", "--today", TODAY, "--size", "full") as replica,
    ):
        settings = ReaderSettings(
            source_resolve=replica.resolve, source_ca=replica.ca, state_dir=Path(folder) / "state"
        )
        return [*parsing(replica), *asyncio.run(reading(settings)), *asyncio.run(discovering(settings))]


def main() -> None:
    """Measure and print the list."""
    show(run, as_json="--json" in sys.argv[1:])


if __name__ == "__main__":
    main()
