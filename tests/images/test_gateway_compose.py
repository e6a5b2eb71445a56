"""deploy/iron-claw/compose.yaml, for somebody who wants the gateway alone, as Debian's docker-compose reads it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from devstack.places import ROOT
from devstack.services import process
from iron_claw.settings import Settings

pytestmark = pytest.mark.images

FILE = ROOT / "deploy" / "iron-claw" / "compose.yaml"
EXAMPLE = FILE.with_name(".env.example")
NAMES = re.findall(r"^([A-Z_]+)=$", EXAMPLE.read_text(), re.MULTILINE)


def config(**values: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker-compose", "--file", str(FILE), "config"],
        env={**process.clean_environment(), **values},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_is_complete_with_what_the_example_names_and_refuses_without_any_of_them() -> None:
    values = {name: f"value-of-{name.lower()}" for name in NAMES}
    done = config(**values)
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert set(services) == {"postgres", "tables", "freeradius", "iron-claw-proxy"}
    for name in NAMES:
        without = config(**{other: value for other, value in values.items() if other != name})
        assert without.returncode != 0
        assert f"{name}" in without.stderr


def test_its_gateway_is_set_as_the_gateway_understands_and_its_images_are_ours() -> None:
    services = yaml.safe_load(config(**{name: f"value-of-{name.lower()}" for name in NAMES}).stdout)["services"]
    for service in services.values():
        assert Path(service["build"]["context"]).resolve() == ROOT
        assert (ROOT / service["build"]["dockerfile"]).exists()
        assert not any("0.0.0.0" in str(port) for port in service.get("ports", []))
    told = services["iron-claw-proxy"]["environment"]
    known = {name.upper() for name in Settings.model_fields}
    assert {name.removeprefix("IRON_CLAW_") for name in told} <= known
    assert told["IRON_CLAW_RADIUS_SECRET"] == services["freeradius"]["environment"]["RADIUS_SECRET"]
