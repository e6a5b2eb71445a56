"""The pytest fixture `replica`: a small replica of the test's own, on a free port, in a thread of its process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.replica.handle import Replica, start

TODAY = "2026-10-05"


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Replica]:
    """The generated season, small, seed 1, on 5 October 2026; `.feeds(folder)` serves other documents."""
    with start(tmp_path / "replica", today=TODAY) as running:
        yield running
