"""Puts feed documents into a database the way a run does, without the run: reader, messages, ingest.

For tests and benches. Nothing is asked over a network, no queue and no agent takes part.
"""

from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from match_contract import (
    MAX_MATCHES_PER_BATCH,
    Bracket,
    DocumentRef,
    FeedSnapshot,
    MatchBatch,
    Receipt,
    Source,
    batch_id_of,
)
from match_scraper import document_paths
from match_scraper.assist.documents import parse
from match_scraper.assist.keys import feed_key
from match_scraper.assist.matches import understand
from match_scraper.values import FeedKey, Reading
from missing_table.ingest import deliver

SITE = "mls-assist.theintelligenceplatform.com"
RUN_ID = str(uuid5(NAMESPACE_URL, "devstack.load"))


def messages_of(documents: dict[str, bytes]) -> list[dict[str, Any]]:
    """Snapshots and batches of documents by path ("data/schedule/<key>.json"), as JSON objects."""
    made: list[dict[str, Any]] = []
    for path in sorted(documents):
        if not path.startswith("data/schedule/"):
            continue
        key = feed_key(path.removeprefix("data/schedule/").removesuffix(".json"))
        if key is None:
            raise ValueError(f"{path} is no schedule of a season that the reader knows")
        bodies = (documents[path], documents[path.replace("schedule", "standings")])
        made += _of_key(key, bodies)
    return made


def _of_key(key: FeedKey, bodies: tuple[bytes, bytes]) -> list[dict[str, Any]]:
    content = understand(parse(*bodies), bodies[0], key)
    snapshot_id = str(uuid5(NAMESPACE_URL, f"{key.key}/{sha256(b''.join(bodies)).hexdigest()}"))
    parts = [
        content.matches[at : at + MAX_MATCHES_PER_BATCH] for at in range(0, len(content.matches), MAX_MATCHES_PER_BATCH)
    ]
    snapshot = FeedSnapshot(
        run_id=RUN_ID,
        snapshot_id=snapshot_id,
        source=Source.ASSIST,
        site=SITE,
        key=key.key,
        season=key.season.name,
        league=key.league,
        observed_at=content.observed_at,
        documents=_documents(key, bodies, content),
        brackets=content.brackets,
        external_ids=content.external_ids,
        scored=content.scored,
        parts=len(parts),
    )
    brackets = tuple(Bracket.model_validate(b.model_dump(exclude={"teams"})) for b in content.brackets)
    batches = [
        MatchBatch(
            run_id=RUN_ID,
            batch_id=batch_id_of(snapshot_id, number),
            snapshot_id=snapshot_id,
            part=number,
            parts=len(parts),
            brackets=brackets,
            matches=tuple(part),
        )
        for number, part in enumerate(parts, 1)
    ]
    return [message.model_dump(mode="json") for message in (snapshot, *batches)]


def _documents(key: FeedKey, bodies: tuple[bytes, bytes], content: Reading) -> tuple[DocumentRef, ...]:
    return tuple(
        DocumentRef(
            path=path, sha256=sha256(body).hexdigest(), synced_at=content.observed_at, size_bytes=len(body), etag=None
        )
        for path, body in zip(document_paths(key.key), bodies, strict=True)
    )


def load(dsn: str, documents: dict[str, bytes]) -> list[Receipt]:
    """Lands documents in a migrated database; the receipts, one a message."""
    return [deliver(message, dsn=dsn) for message in messages_of(documents)]
