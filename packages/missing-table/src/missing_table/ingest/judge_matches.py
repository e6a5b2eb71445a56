"""Judges a batch match by match: which are whole, which are refused and why, which stand in it twice. Pure; no I/O."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from pydantic import TypeAdapter, ValidationError

from match_contract import Match, MatchBatch, Unreadable, content_hash
from missing_table.ingest.judged import JudgedBatch, Reason, Refused, refuse_match, sentence_of

_MATCHES = TypeAdapter(list[Match])
_ZONES = frozenset(available_timezones())


def judge_matches(header: MatchBatch, raw: Sequence[Any], targets: Sequence[str]) -> JudgedBatch:
    """Judge each match of a batch by itself. `targets`: who wants each of them."""
    readable = [at for at, item in enumerate(raw) if not is_unread(item) and "\x00" not in targets[at]]
    matches, wrong = read_matches([raw[at] for at in readable])
    judged = JudgedBatch(header, [], [], [])
    for at, detail in wrong.items():
        judged.refused.append(refuse_match(raw[readable[at]], detail, target=targets[readable[at]]))
    for item, target in zip(raw, targets, strict=True):
        if is_unread(item):
            judged.refused.append(_unread(item, target))
        elif "\x00" in target:
            judged.refused.append(refuse_match(item, "target: holds a NUL byte", target=target))
    _settle_doubles(judged, list(matches.values()), [targets[readable[at]] for at in matches])
    return judged


def is_unread(item: Any) -> bool:
    """True of a match that the reader refused, and says why."""
    return isinstance(item, dict) and "rejected" in item


def _unread(item: dict[str, Any], target: str) -> Refused:
    try:
        why = Unreadable.model_validate(item["rejected"])
    except ValidationError as error:
        return refuse_match(item, f"rejected: {sentence_of(error)}", target=target)
    return refuse_match(item, why.detail, why.reason, target=target)


def read_matches(raw: Sequence[Any]) -> tuple[dict[int, Match], dict[int, str]]:
    """Validate matches in one pass, with a second one only where some are bad.

    Returns the good ones and why the others are refused, both by their positions in `raw`.
    """
    wrong: dict[int, str] = {}
    try:
        matches = _MATCHES.validate_python(raw)
    except ValidationError as error:
        told: dict[int, list[str]] = {}
        for entry in error.errors(include_url=False):
            index, *rest = entry["loc"]
            told.setdefault(int(index), []).append(f"{'.'.join(map(str, rest)) or 'match'}: {entry['msg']}")
        wrong = {index: "; ".join(sentences) for index, sentences in sorted(told.items())}
        matches = _MATCHES.validate_python([item for index, item in enumerate(raw) if index not in wrong])
    good: dict[int, Match] = {}
    for index, match in zip([at for at in range(len(raw)) if at not in wrong], matches, strict=True):
        detail = _beyond_the_contract(match)
        if detail is None:
            good[index] = match
        else:
            wrong[index] = detail
    return good, wrong


def _beyond_the_contract(match: Match) -> str | None:
    """What the database could not keep although the model takes it."""
    if match.timezone not in _ZONES:
        return f"timezone: {match.timezone!r} is no IANA zone"
    for side in (match.home, match.away):
        if "\x00" in f"{side.crest_url}{side.age_label}":
            return f"a team's crest_url or age_label holds a NUL byte ({side.name})"
    return None


def _settle_doubles(judged: JudgedBatch, matches: Sequence[Match], targets: Sequence[str]) -> None:
    """Keep one match an id: of two that differ the newer (equal moments: the greater hash), the other is refused."""
    hashes = [content_hash(match) for match in matches]
    best: dict[tuple[str, str, str, str], int] = {}
    for index, match in enumerate(matches):
        key = (match.source, match.season, match.league, match.external_id)
        other = best.get(key)
        if other is None:
            best[key] = index
            continue
        if (match.observed_at, hashes[index]) > (matches[other].observed_at, hashes[other]):
            best[key], loser = index, other
        else:
            loser = index
        if hashes[loser] == hashes[best[key]]:
            judged.repeated.append(targets[loser])
        else:
            detail = f"external_id {match.external_id!r} stands in this batch twice with different content"
            payload = matches[loser].model_dump(mode="json")
            judged.refused.append(refuse_match(payload, detail, Reason.DUPLICATE_ID, target=targets[loser]))
    for index in best.values():
        judged.matches.append(matches[index])
        judged.hashes.append(hashes[index])
        judged.targets.append(targets[index])
