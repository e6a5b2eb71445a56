"""docs/iron-claw.md names every setting, metric, route, journal record and command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import Metric

from iron_claw import proxy
from iron_claw.cli import app
from iron_claw.metrics import Metrics
from iron_claw.records import KINDS
from iron_claw.replay import APPLY
from iron_claw.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "iron-claw.md").read_text()
SOURCES = ROOT / "packages" / "iron-claw" / "src" / "iron_claw"


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_described(name: str) -> None:
    settings = TEXT[TEXT.index("## Settings") : TEXT.index("## Metrics")]
    assert f"`{name.upper()}`" in settings


def test_no_setting_is_described_that_does_not_exist() -> None:
    settings = TEXT[TEXT.index("## Settings") : TEXT.index("## Metrics")]
    rows = [line.split("|")[1] for line in settings.splitlines() if line.startswith("| `")]
    described = {name.lower() for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    assert described == set(Settings.model_fields)


def families() -> list[Metric]:
    return list(Metrics().registry.collect())


def test_every_metric_is_described_and_no_other() -> None:
    metrics = TEXT[TEXT.index("## Metrics") : TEXT.index("## The journal")]
    described = set(re.findall(r"`((?:gen_ai|iron_claw)_[a-z_]+)`", metrics)) - {"gen_ai_token_type"}
    assert described == {family.name for family in families()}


def test_every_kind_of_journal_record_is_read_and_described() -> None:
    assert set(APPLY) == set(KINDS)
    journal = TEXT[TEXT.index("## The journal") : TEXT.index("## What happens when")]
    assert {f"`{kind}`" for kind in KINDS} <= set(re.findall(r"`\w+`", journal))


def test_every_route_and_command_is_named() -> None:
    routes = re.findall(r'\("(?:GET|POST|DELETE)", "([^"]+)"\)', Path(proxy.__file__).read_text())
    assert len(routes) == 8
    assert all(route in TEXT for route in routes)
    names = [command.name or (command.callback and command.callback.__name__) for command in app.registered_commands]
    names += [group.name for group in app.registered_groups]
    assert all(f"iron-claw {name}" in TEXT or name == "proxy" for name in names)


def test_the_gateways_dictionary_numbers_its_attributes_as_freeradius_does() -> None:
    pattern = re.compile(r"^ATTRIBUTE\s+(MT-\S+)\s+(\d+)\s+(\w+)", re.MULTILINE)
    ours = set(pattern.findall((SOURCES / "dictionary").read_text()))
    raddb = (ROOT / "deploy" / "freeradius" / "raddb" / "dictionary").read_text()
    theirs = set(pattern.findall(raddb[: raddb.index("END-VENDOR")]))
    assert ours == theirs
    assert len(ours) >= 21
