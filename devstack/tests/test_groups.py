"""Tests of one xdist group follow each other in one worker: tests that share a stack rely on it."""

import os

import pytest

pytestmark = pytest.mark.xdist_group("groups")
workers: list[str] = []


@pytest.mark.parametrize("number", range(4))
def test_a_group_stays_together(number: int) -> None:
    workers.append(os.environ.get("PYTEST_XDIST_WORKER", "only"))
    assert len(workers) == number + 1, "another worker ran the tests before this one"
