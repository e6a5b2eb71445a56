"""Fixtures for every test of the repository: real servers, see devstack/src/devstack/testing.py."""

from collections.abc import Iterator

import pytest
import structlog

pytest_plugins = ["devstack.testing", "devstack.image_testing", "devstack.gateway_testing", "devstack.replica.fixtures"]


@pytest.fixture(autouse=True)
def own_log_settings() -> Iterator[None]:
    """A command line that a test calls in-process configures the log of its whole process: undone after each test."""
    yield
    structlog.reset_defaults()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a test that passed has measured (`record_property("measured", …)`) is printed with the result."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "measured":
                terminalreporter.write_line(f"measured: {value}")
