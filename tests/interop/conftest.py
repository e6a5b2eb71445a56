"""A running site with a landed season, and other people's programs to read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devstack import patient, strangers
from devstack.testing import RunningStack

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest) -> str:
    """Return the address of a site with matches: MT_TEST_SITE, else the own stack, after a run where it is empty."""
    if given := os.environ.get("MT_TEST_SITE"):
        return given
    stack: RunningStack = request.getfixturevalue("stack")
    found = patient.get(f"{stack.web}/api/brackets", params={"league": "Homegrown"}).json()["items"]
    if not any(bracket["played"] for bracket in found):
        done = stack.mt("run")
        assert done.returncode == 0, done.stderr
    return stack.web


@pytest.fixture(scope="session")
def calendar_readers() -> Path:
    """Return the interpreter of an environment with other people's readers of calendars and feeds."""
    return strangers.python("calendars", print)
