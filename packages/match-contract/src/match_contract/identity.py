"""Ids and hashes that are the same wherever they are computed."""

import hashlib
from uuid import UUID, uuid5

from match_contract.models import Match

_BATCHES = UUID("5d6e2a1e-2f0b-4c55-9f0e-6c1f3b7a9d10")
_NOT_CONTENT = {"observed_at"}


def batch_id_of(snapshot_id: str, part: int) -> str:
    """Return the id of part `part` (from 1) of a snapshot, so that a resend of a part is the same batch."""
    return str(uuid5(_BATCHES, f"{snapshot_id}/{part}"))


def content_hash(match: Match) -> str:
    """Return 64 hex digits over what a match says, without when it was seen.

    Settles which of two observations of the same moment is kept, so it must not depend on the order of fields.
    """
    return hashlib.sha256(match.model_dump_json(exclude=_NOT_CONTENT).encode()).hexdigest()
