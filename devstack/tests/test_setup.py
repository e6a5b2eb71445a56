"""Setting up where a registry cannot be reached: what could not be had is said, and the exit code is 5."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from devstack import setup
from devstack.checks import run_bench
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


def test_only_the_bench_of_the_ingest_has_a_scale() -> None:
    with pytest.raises(BadSettings, match="only ingest has"):
        run_bench("scrape", print, as_json=False, scale=10)
