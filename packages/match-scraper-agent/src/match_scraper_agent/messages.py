"""From a reading to the messages of a run. Pure: which match counts for which target, what goes into which batch.

Payloads are plain JSON objects: a match that the reader refused travels as it came, with the reader's reason under
`rejected`, so that the quarantine can show both.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from match_contract import (
    MAX_MATCHES_PER_BATCH,
    SCHEMA_VERSION,
    Bracket,
    FeedSnapshot,
    Match,
    MessageKind,
    Unreadable,
    batch_id_of,
    positions_by_target,
)
from match_scraper import Rejected
from match_scraper_agent.planner import EVERY_DAY, Window
from match_scraper_agent.source import Reading
from match_scraper_agent.targets import Target

Payload = dict[str, Any]
LONGEST_PAYLOAD = 8_192
"""Characters of JSON of a refused match: four times an ordinary one, and 500 of them are half of what a worker takes.
"""
LONGEST_DETAIL = 500


@dataclass(frozen=True)
class Shipment:
    """The messages of one feed, the snapshot first, and how many matches of it count for each target."""

    snapshot_id: str
    messages: tuple[Payload, ...]
    found: Mapping[str, int]


def targets_by_bracket(targets: Sequence[Target], brackets: Iterable[Bracket]) -> dict[str, str]:
    """External bracket id to the first of the run's targets that covers it; brackets of no target are left out."""
    found: dict[str, str] = {}
    for bracket in brackets:
        name = next((target.name for target in targets if target.covers(bracket)), None)
        if name is not None:
            found[bracket.external_id] = name
    return found


def counted_under(match: Match, by_bracket: Mapping[str, str]) -> str | None:
    """The target that counts a match: its home side's, else its away side's; None where it is in no target."""
    return next((by_bracket[name] for name in (*match.home_brackets, *match.away_brackets) if name in by_bracket), None)


def scope_of(targets: Sequence[Target], reading: Reading) -> tuple[str, ...] | None:
    """External ids of the brackets that a run submits of a feed; None where that is all of them."""
    if any(target.is_whole_league for target in targets):
        return None
    return tuple(sorted(targets_by_bracket(targets, reading.brackets)))


def sort_matches(
    targets: Sequence[Target], reading: Reading, window: Window
) -> tuple[list[tuple[str, Match]], list[tuple[str, Mapping[str, Any]]]]:
    """(target, match) of everything to be submitted, and (target, payload) of what the reader refused.

    A whole league takes also what joins no bracket. A refused payload whose bracket is unknown goes to the first
    target; a match outside `window` is left out, a refused one is not, since its date may be what is wrong with it.
    """
    by_bracket = targets_by_bracket(targets, reading.brackets)
    whole = next((target.name for target in targets if target.is_whole_league), None)
    matches: list[tuple[str, Match]] = []
    for match in reading.matches:
        name = counted_under(match, by_bracket) or whole
        if name is not None and window.holds(match.local_date):
            matches.append((name, match))
    refused: list[tuple[str, Mapping[str, Any]]] = []
    for item in reading.rejected:
        if item.brackets and not whole:
            named = next((by_bracket[bracket] for bracket in item.brackets if bracket in by_bracket), None)
        else:
            named = whole or targets[0].name
        if named is not None:
            refused.append((named, _as_it_came(item) | {"rejected": _why(item, reading)}))
    return matches, refused


def _as_it_came(item: Rejected) -> Payload:
    """The payload; of one that is beyond all measure the beginning of its JSON, since a message must stay small."""
    text = json.dumps(item.payload, default=str)
    if len(text) <= LONGEST_PAYLOAD:
        return {"external_id": item.external_id, **item.payload}
    return {"external_id": item.external_id, "text": text[: LONGEST_PAYLOAD // 2], "characters": len(text)}


def _why(item: Rejected, reading: Reading) -> Payload:
    why = Unreadable(
        reason=item.reason,
        detail=item.detail[:LONGEST_DETAIL],
        source=reading.source,
        season=reading.key.season.name,
        observed_at=reading.observed_at,
    )
    return why.model_dump(mode="json")


def found_by_target(targets: Sequence[Target], reading: Reading, window: Window) -> dict[str, int]:
    """How many matches of a reading count for each target, refused ones too."""
    matches, refused = sort_matches(targets, reading, window)
    counts = Counter(name for name, _ in (*matches, *refused))
    return {target.name: counts[target.name] for target in targets}


def build_messages(
    reading: Reading,
    targets: Sequence[Target],
    *,
    run_id: str,
    snapshot_id: str,
    window: Window = EVERY_DAY,
    accept_shrink: bool = False,
) -> Shipment:
    """One FeedSnapshot and its batches of at most 500 matches each, as JSON objects.

    With a window no bracket is whole and no document has landed, so neither is claimed: the source may not answer
    "unchanged" next time to what was left out now.
    """
    if reading.observed_at is None:
        raise ValueError(f"{reading.key.key}: a reading without synced_at cannot be submitted")
    matches, refused = sort_matches(targets, reading, window)
    # the matches of a table travel together: it is touched by one batch or two instead of by all of them
    matches.sort(key=lambda item: (*item[1].home_brackets, *item[1].away_brackets))
    items: list[Payload] = [match.model_dump(mode="json", exclude_none=True) for _, match in matches]
    items += [dict(payload) for _, payload in refused]
    wanted = [name for name, _ in (*matches, *refused)]
    starts = range(0, len(items), MAX_MATCHES_PER_BATCH)
    snapshot = FeedSnapshot(
        run_id=run_id,
        snapshot_id=snapshot_id,
        source=reading.source,
        site=reading.site,
        key=reading.key.key,
        season=reading.key.season.name,
        league=reading.key.league,
        observed_at=reading.observed_at,
        documents=reading.documents if window.is_open else (),
        brackets=reading.brackets,
        external_ids=reading.external_ids,
        scored=reading.scored,
        scope=scope_of(targets, reading) if window.is_open else (),
        parts=len(starts),
        accept_shrink=accept_shrink,
    )
    by_id = {
        bracket.external_id: Bracket.model_validate(bracket.model_dump(exclude={"teams"}))
        for bracket in reading.brackets
    }
    nameless = {
        bracket.external_id: [row.team for row in bracket.teams if row.team.squad_id is None]
        for bracket in reading.brackets
    }
    batches: list[Payload] = []
    for number, start in enumerate(starts, 1):
        part = items[start : start + MAX_MATCHES_PER_BATCH]
        names = dict.fromkeys(
            name
            for item in part
            for side in ("home_brackets", "away_brackets")
            for name in _strings(item.get(side))
            if name in by_id
        )
        batches.append(
            {
                "kind": MessageKind.BATCH,
                "schema_version": SCHEMA_VERSION,
                "run_id": run_id,
                "batch_id": batch_id_of(snapshot_id, number),
                "snapshot_id": snapshot_id,
                "part": number,
                "parts": len(starts),
                "brackets": [by_id[name].model_dump(mode="json") for name in names],
                "teams": [
                    team.model_dump(mode="json", exclude_none=True)
                    for team in dict.fromkeys(team for name in names for team in nameless[name])
                ],
                "targets": positions_by_target(wanted[start : start + MAX_MATCHES_PER_BATCH]),
                "matches": part,
            }
        )
    counts = Counter(wanted)
    found = {target.name: counts[target.name] for target in targets}
    return Shipment(snapshot_id, (snapshot.model_dump(mode="json"), *batches), found)


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []
