"""Fixtures for every test of the repository: real servers, see devstack/src/devstack/testing."""

from collections.abc import Iterator

import hypothesis
import pytest
import structlog
from playwright.sync_api import expect

pytest_plugins = ["devstack.testing", "devstack.replica.fixtures"]

# How long something takes on a machine under load is no test's business: these only end what never comes.
expect.set_options(timeout=30_000)
hypothesis.settings.register_profile("loaded", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("loaded")


@pytest.fixture(autouse=True)
def own_log_settings() -> Iterator[None]:
    """A command line that a test calls in-process configures the log of its whole process: undone after each test."""
    yield
    structlog.reset_defaults()
