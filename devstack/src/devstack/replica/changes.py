"""What the knobs do to a document: fewer events, wrong types, a match moved, corrected, withdrawn or gone.

Pure. Which matches are hit follows from their game_key alone, so the same knob hits the same ones every time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from devstack.replica.feeds import Document
from devstack.replica.knobs import Knobs

Event = dict[str, Any]
MOVED_BY = timedelta(days=21)
STAMP = "%Y-%m-%dT%H:%M:%SZ"


def bend(document: Document, knobs: Knobs, *, revision: int, empty: bool = False) -> Document:
    """The document as the knobs want it: one minute newer per revision, so that a reader sees it as a later one."""
    content = msgspec.json.decode(document.body)
    later = timedelta(minutes=revision)
    if revision:
        content["synced_at"] = _moved(content["synced_at"], later)
    if "events" in content:
        content["events"] = [] if empty else _events(content["events"], content["synced_at"], knobs)
    elif empty:
        content["competition_season"]["competition_brackets"] = []
    if knobs.unknown_fields:
        content["zz_revision"] = {"by": "nobody", "at": None}
        for bracket in content.get("competition_season", {}).get("competition_brackets", []):
            bracket["zz_tier"] = 1
            for row in bracket["standings"]:
                row["zz_trend"] = ["up", 1.5]
    return Document(msgspec.json.encode(content), document.modified + later)


def _moved(stamp: str, by: timedelta) -> str:
    return (datetime.fromisoformat(stamp) + by).strftime(STAMP)


def _order(event: Event) -> int:
    return zlib.crc32(str(event["game_key"]).encode())


def _chosen(
    events: list[Event], which: int | list[str], fits: Callable[[Event], bool], but: list[Event] | None = None
) -> list[Event]:
    """The events with these game_keys, or so many of those that fit and that another knob has not hit already."""
    if isinstance(which, list):
        return [event for event in events if event["game_key"] in which]
    hit = {id(event) for event in but or []}
    return sorted((event for event in events if fits(event) and id(event) not in hit), key=_order)[:which]


def _events(events: list[Event], synced_at: str, knobs: Knobs) -> list[Event]:
    def played(event: Event) -> bool:
        return event["start_time"] < synced_at and event["home_score"] is not None

    def ahead(event: Event) -> bool:
        return event["start_time"] > synced_at and event["home_score"] is None

    corrected = _chosen(events, knobs.correct, played)
    for event in corrected:
        if event["home_score"] is not None:
            event["home_score"] += 1
            if event["home_score"] != event["away_score"]:  # what is no tie any more has no shoot-out
                event["home_penalty_shootout_score"] = event["away_penalty_shootout_score"] = None
    for event in _chosen(events, knobs.withdraw, played, corrected):
        event["home_score"] = event["away_score"] = None
        event["home_penalty_shootout_score"] = event["away_penalty_shootout_score"] = None
    moved = _chosen(events, knobs.reschedule, ahead)
    for event in moved:
        event["start_time"] = _moved(event["start_time"], MOVED_BY)
    gone = {id(event) for event in _chosen(events, knobs.vanish, ahead, moved)}
    events = [event for event in events if id(event) not in gone]
    if knobs.shrink:
        kept = len(events) - round(len(events) * knobs.shrink)
        stay = {id(event) for event in sorted(events, key=_order)[:kept]}
        events = [event for event in events if id(event) in stay]
    if knobs.events is not None:
        events = events[: knobs.events]
    if knobs.unknown_fields:
        for event in events:
            event["zz_broadcast"] = {"url": "https://example.invalid/", "free": True}
    for number, event in enumerate(sorted(events, key=_order)[: knobs.wrong_types]):
        field, value = WRONG[number % len(WRONG)]
        event[field] = value
    return events


WRONG: list[tuple[str, Any]] = [
    ("home_score", "three"),
    ("start_time", 1790000000),
    ("game_key", None),
    ("home_squad_id", {"id": 1}),
    ("local_timezone", "America/Atlantis"),
    ("away_organisation", ["nobody"]),
    ("start_time", "next Saturday"),
    ("competition", "League"),
]
