"""The generated season as the replica's documents, as of a moment."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from devstack.replica.feeds import Document
from devstack.replica.season import Size


class Generated:
    """Documents of the season that is being played at a moment."""

    def __init__(self, state: Path, seed: int, size: Size) -> None:
        self.state, self.seed, self.size = state, seed, size

    def at(self, moment: datetime) -> Generated:
        return self

    def get(self, name: str) -> Document | None:
        return None

    def keys(self) -> list[str]:
        return []

    def truth(self, moment: datetime) -> dict[str, Any]:
        return {}
