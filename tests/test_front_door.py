"""./mt as a person meets it, as far as no server is needed: what it refuses, with which code, and what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from devstack.cli import app
from devstack.places import ROOT
from devstack.testing import run_mt, stack_environment


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that name a state folder of the test's own."""
    return ["--data", f"/var/tmp/mt-front-{tmp_path_factory.mktemp('front').parent.parent.name}-none"]


def commands() -> set[str]:
    """Those of the command line that are not hidden."""
    return {str(command.name or command.callback.__name__) for command in app.registered_commands if not command.hidden}


def test_every_command_that_stays_is_listed() -> None:
    shown = run_mt("--help").stdout
    for command in ("run", "up", "down", "status", "logs", "test", "bench", "images", "source", "audit", "exec"):
        assert f" {command} " in shown
        assert command in commands()


def test_the_readme_has_every_command_and_no_other() -> None:
    named = re.findall(r"^\| `\./mt (\w+)[^`]*` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(commands())


def test_a_malformed_env_file_ends_with_2_and_names_file_and_line(tmp_path: Path, elsewhere: list[str]) -> None:
    file = tmp_path / "broken.env"
    file.write_text("AGENT_MODEL=x\nthis is no setting\n")
    done = run_mt("run", *elsewhere, environment={**stack_environment(), "MT_ENV_FILE": str(file)})
    assert done.returncode == 2
    assert f"{file} is malformed: line 2" in done.stderr
    assert done.stdout == ""


def test_a_port_beyond_the_last_one_ends_with_5_and_is_named(elsewhere: list[str]) -> None:
    done = run_mt("up", "--port-offset", "60000", *elsewhere)
    assert done.returncode == 5
    assert "75432" in done.stderr
    assert "postgres" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--feeds", "/no/such/folder"], "/no/such/folder"),
        (["run", "--today", "tomorrow"], "tomorrow"),
        (["run", "--live", "--feeds", "/var/tmp"], "--live"),
        (["test", "everything"], "fast, season, faults, images, fuzz, interop, all"),
        (["bench", "everything"], "ingest, scrape, proxy, api, web"),
        (["logs", "mysql"], "mysql"),
        (["up", "--no-such-option"], "--no-such-option"),
        (["images", "cloud"], "worker, backend, iron-claw-proxy, agent, rabbitmq, freeradius, frontend, postgres"),
    ],
)
def test_bad_usage_ends_with_2_and_says_what_is_wrong(arguments: list[str], said: str, elsewhere: list[str]) -> None:
    done = run_mt(*arguments, *elsewhere)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr


def test_asking_about_a_stack_that_is_not_there(elsewhere: list[str]) -> None:
    status = run_mt("status", "--json", *elsewhere)
    assert status.returncode == 0
    assert json.loads(status.stdout)["running"] is False
    down = run_mt("down", "--json", *elsewhere)
    assert down.returncode == 0
    assert json.loads(down.stdout)["stopped"] is False


@pytest.mark.parametrize("script", ["preflight.sh", "trigger.sh", "deploy.sh", "backfill.sh"])
def test_the_scripts_say_how_they_are_used(script: str) -> None:
    import subprocess

    program = str(ROOT / "scripts" / script)
    for arguments in ([], ["somewhere"]):
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "usage:" in done.stderr
