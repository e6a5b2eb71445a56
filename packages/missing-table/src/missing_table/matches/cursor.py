"""Where a page of matches ended: local date, kick-off, id. Opaque to callers, and stable while pages are read."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import date, datetime

from missing_table.web.problems import BadRequest


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last match of a page."""

    local_date: date
    kick_off: datetime | None
    match_id: int

    @property
    def text(self) -> str:
        kick_off = self.kick_off.isoformat() if self.kick_off else None
        packed = json.dumps([self.local_date.isoformat(), kick_off, self.match_id])
        return urlsafe_b64encode(packed.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Reads one of ours; BadRequest for anything else."""
        try:
            day, kick_off, match_id = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if not isinstance(match_id, int) or not 0 < match_id < 2**63:
                raise ValueError("no id")
            moment = datetime.fromisoformat(kick_off) if kick_off is not None else None
            if moment is not None and moment.tzinfo is None:
                raise ValueError("no zone")
            return cls(date.fromisoformat(day), moment, match_id)
        except (ValueError, TypeError, Error, RecursionError):
            raise BadRequest(f"cursor {text[:80]!r} is none of ours: send next_cursor of the page before.") from None
