"""Read one feed over HTTP: conditional requests, named outcomes, the shrink guard. What the bytes mean is `matches`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from time import perf_counter

import httpx
import structlog

from match_contract import DocumentRef
from match_scraper.assist.documents import Documents, Malformed, parse
from match_scraper.assist.keys import feed_key
from match_scraper.assist.matches import understand
from match_scraper.guards import guarded, sound
from match_scraper.http import Fetched, Reader
from match_scraper.outcomes import Outcome, SourceError
from match_scraper.values import FeedKey, LandedFeed, Linked, Reading, Validators

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

AHEAD_BY = timedelta(minutes=15)
"""No clock of somebody else is trusted further ahead of ours: what is dated later would win for ever."""
NAMES = ("schedule", "standings")


def document_paths(key: str) -> tuple[str, str]:
    """Addresses below the viewer of a key's schedule and standings: what `DocumentRef.path` and validators go by."""
    return f"/data/schedule/{key}.json", f"/data/standings/{key}.json"


@dataclass
class _Progress:
    """How long each step took, in seconds."""

    timings: dict[str, float] = field(default_factory=dict)
    since: float = field(default_factory=perf_counter)

    def step(self, name: str) -> None:
        now = perf_counter()
        self.timings[name] = self.timings.get(name, 0.0) + now - self.since
        self.since = now


async def read_feed(
    reader: Reader,
    key: FeedKey,
    *,
    viewer_url: str,
    validators: Mapping[str, Validators],
    now: datetime | None = None,
    landed: LandedFeed | None = None,
    accept_shrink: bool = False,
) -> Reading:
    """Read both documents of a key: both unchanged, or both in full, since the join needs both.

    `validators` by document path, empty for an unconditional read; `landed` is what the database has of this key, for
    the shrink guard. `now` is our clock: a document dated further ahead than AHEAD_BY is refused. Raises nothing that
    the source can cause: that is the reading's outcome.
    """
    requests, size, progress = reader.requests, reader.bytes_read, _Progress()
    empty = Reading(key=key, outcome=Outcome.UNREACHABLE, detail="", site=httpx.URL(viewer_url).host)
    clock = now or datetime.now(UTC)
    try:
        read = await _read(reader, empty, viewer_url.rstrip("/"), validators, landed, clock, progress)
        reading = read if accept_shrink else guarded(read, landed)
    except SourceError as error:
        reading = replace(empty, outcome=error.outcome, detail=error.detail)
    except Malformed as error:
        reading = replace(empty, outcome=Outcome.MALFORMED, detail=f"{key.key}: {error}; nothing of it is taken")
    reading = replace(
        reading, timings=progress.timings, requests=reader.requests - requests, bytes_read=reader.bytes_read - size
    )
    log.info(
        "feed.read",
        key=key.key,
        outcome=reading.outcome.value,
        detail=reading.detail,
        matches=len(reading.matches),
        rejected=len(reading.rejected),
        notes=[*reading.oddities, *reading.notes],
        requests=reading.requests,
        bytes=reading.bytes_read,
    )
    return reading


async def _read(  # noqa: PLR0917
    reader: Reader,
    empty: Reading,
    viewer_url: str,
    validators: Mapping[str, Validators],
    landed: LandedFeed | None,
    now: datetime,
    progress: _Progress,
) -> Reading:
    key, paths = empty.key, document_paths(empty.key.key)
    known = [validators.get(path) or Validators() for path in paths]
    if not all(one.etag or one.last_modified or one.sha256 for one in known):
        known = [Validators(), Validators()]  # one document alone cannot be joined, so neither is asked conditionally
    answers = [
        await reader.get(viewer_url + path, headers=_conditions(one)) for path, one in zip(paths, known, strict=True)
    ]
    progress.step("http_s")
    if all(_is_unchanged(answer, one) for answer, one in zip(answers, known, strict=True)):
        return replace(empty, outcome=Outcome.UNCHANGED, detail=f"{key.key}: unchanged since it last landed")
    for index, answer in enumerate(answers):
        if answer.status == HTTPStatus.NOT_MODIFIED:
            answers[index] = await reader.get(viewer_url + paths[index])
    progress.step("http_s")
    refusal = _no_documents(empty, answers, landed)
    if refusal is not None:
        return refusal
    documents = parse(answers[0].body, answers[1].body)
    progress.step("parse_s")
    refusal = _from_ahead(empty, documents, now) or _nothing_in(empty, documents, landed)
    if refusal is not None:
        return refusal
    said = documents.standings.competition_season.key
    if said is not None and said != key.key:
        raise Malformed(f"the document under this key says of itself that it is {said!r}")
    content = understand(documents, answers[0].body, key)
    progress.step("join_s")
    reading = _as_read(content, empty, documents, answers, landed)
    return sound(reading, seen=documents.events)


def _conditions(known: Validators) -> dict[str, str]:
    headers = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in headers.items() if value}


def _is_unchanged(answer: Fetched, known: Validators) -> bool:
    return answer.status == HTTPStatus.NOT_MODIFIED or (known.sha256 is not None and known.sha256 == answer.sha256)


def _is_shell(answer: Fetched) -> bool:
    """The viewer answers an unknown key with its own HTML and 200, not with 404."""
    return "html" in answer.content_type.casefold() or answer.body.lstrip()[:1] == b"<"


def looks_published(answer: Fetched) -> bool:
    """True for a document, False for the viewer's own page or a 404."""
    return answer.status == HTTPStatus.OK and not _is_shell(answer)


def _which(flags: Iterable[bool]) -> str:
    return " and ".join(name for name, flag in zip(NAMES, flags, strict=True) if flag)


def _no_documents(empty: Reading, answers: list[Fetched], landed: LandedFeed | None) -> Reading | None:
    """The outcome where one answer or both are no document."""
    key = empty.key.key
    gone = [answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE) for answer in answers]
    absent = [missing or _is_shell(answer) for answer, missing in zip(answers, gone, strict=True)]
    how = "404" if any(gone) else "its own HTML page"
    if all(absent) and landed is None:
        return replace(
            empty,
            outcome=Outcome.NOT_PUBLISHED,
            detail=f"{key} is not published: the viewer answers {how} instead of JSON",
        )
    if any(absent):
        before = f", although {landed.matches:,} matches of it landed before" if landed else ""
        told = (
            f"{key}: the viewer answers {how} instead of JSON for the {_which(absent)}{before}; nothing of it is "
            "taken, look at the viewer in a browser"
        )
        return replace(empty, outcome=Outcome.SHELL, detail=told)
    blank = [not answer.body.strip() for answer in answers]
    if any(blank):
        told = f"{key}: the {_which(blank)} came without a single byte; nothing of it is taken, try again later"
        return replace(empty, outcome=Outcome.EMPTY, detail=told)
    return None


def _nothing_in(empty: Reading, documents: Documents, landed: LandedFeed | None) -> Reading | None:
    missing = []
    if not documents.events:
        missing.append("matches")
    if not documents.standings.competition_season.competition_brackets and not documents.bad_rows:
        missing.append("brackets")
    if not missing:
        return None
    before = f" ({landed.matches:,} matches landed before)" if landed else ""
    told = (
        f"{empty.key.key}: the document holds no {' and no '.join(missing)}{before}; nothing of it is taken, try later"
    )
    return replace(empty, outcome=Outcome.EMPTY, detail=told)


def _from_ahead(empty: Reading, documents: Documents, now: datetime) -> Reading | None:
    """Refuse a document that says it was written later than our clock allows."""
    written = max(documents.schedule.synced_at, documents.standings.synced_at)
    if written <= now + AHEAD_BY:
        return None
    told = (
        f"{empty.key.key}: the document is dated {written:%Y-%m-%d %H:%M} UTC, and here it is {now:%Y-%m-%d %H:%M} "
        "UTC: taken, it would stand against every later one, so nothing of it is; look at both clocks"
    )
    return replace(empty, outcome=Outcome.AHEAD, detail=told)


def _as_read(
    content: Reading, empty: Reading, documents: Documents, answers: list[Fetched], landed: LandedFeed | None
) -> Reading:
    """Return what was understood, with where it was read and how it stands to what landed before."""
    key = empty.key.key
    synced = (documents.schedule.synced_at, documents.standings.synced_at)
    refs = tuple(
        DocumentRef(
            path=path,
            etag=answer.etag,
            last_modified=answer.last_modified,
            sha256=answer.sha256,
            synced_at=moment,
            size_bytes=len(answer.body),
        )
        for path, answer, moment in zip(document_paths(key), answers, synced, strict=True)
    )
    notes, oddities = list(content.notes), list(content.oddities)
    if content.canary is not None and content.canary.alarm:
        notes.append(f"ALARM: {content.canary}")
    if landed is not None and landed.observed_at is not None and synced[0] < landed.observed_at:
        seen, before = (f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (synced[0], landed.observed_at))
        oddities.insert(0, f"the document is of {seen}, older than the one that landed, of {before}")
    schedule, standings = documents.schedule, documents.standings
    return replace(
        content,
        site=empty.site,
        documents=refs,
        notes=tuple(notes),
        oddities=tuple(oddities),
        released=landed is None,
        linked=siblings((*(schedule.linked_competition_seasons or ()), *(standings.linked_competition_seasons or ()))),
    )


def siblings(linked: Iterable[Linked]) -> tuple[FeedKey, ...]:
    """The competition seasons that a document names, each once, as far as their keys can be read."""
    found = (feed_key(one.key, one.name) for one in linked)
    return tuple({key.key: key for key in found if key is not None}.values())
