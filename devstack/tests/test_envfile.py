"""What ./mt takes from the env files of a local stack, and from the environment above them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from devstack import envfile
from devstack.errors import BadSettings
from devstack.places import ROOT
from match_contract.envfile import parse


def test_a_malformed_line_is_bad_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "env").write_text("OK=1\nhunter2 is the password\n")
    monkeypatch.setenv("MT_ENV_FILE", str(tmp_path / "env"))
    with pytest.raises(BadSettings, match="line 2 is not NAME=value") as raised:
        envfile.read({})
    assert raised.value.exit_code == 2
    assert "hunter2" not in str(raised.value)


def test_an_empty_value_of_the_environment_counts_as_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "env").write_text("AGENT_MODEL=a\n")
    monkeypatch.setenv("MT_ENV_FILE", str(tmp_path / "env"))
    assert envfile.read({"AGENT_MODEL": ""}) == {"AGENT_MODEL": "a"}


def test_the_environment_wins_over_the_file_and_foreign_names_stay_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "env").write_text("AGENT_MODEL=a\nMT_LOG_LEVEL=info\nDATABASE_URL=\n")
    (tmp_path / "env.secret").write_text("ANTHROPIC_API_KEY=k\n")
    monkeypatch.setenv("MT_ENV_FILE", str(tmp_path / "env"))
    found = envfile.read({"AGENT_MODEL": "b", "HOME": "/root", "MT_SHARED": "/x"})
    assert found == {"AGENT_MODEL": "b", "MT_LOG_LEVEL": "info", "ANTHROPIC_API_KEY": "k"}


def test_an_env_file_that_is_not_there_is_bad_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MT_ENV_FILE", str(tmp_path / "absent"))
    with pytest.raises(BadSettings, match="absent"):
        envfile.read({})


def test_the_committed_env_files_can_be_read_and_hold_no_secret() -> None:
    git = ["git", "-C", str(ROOT), "ls-files", "-z", "envs"]
    listed = subprocess.run(git, capture_output=True, text=True, check=True).stdout.split("\0")
    files = [ROOT / name for name in listed if name]
    assert {file.name for file in files} >= {".env.local", ".env.prod", ".env.local.secret.example"}
    for file in files:
        assert not file.name.endswith(".secret"), file
        settings = parse(file.read_text(), str(file))
        assert not {name for name in settings if name.endswith(("_KEY", "_SECRET", "_PASSWORD"))}, file
    prod = parse((ROOT / "envs" / ".env.prod").read_text(), "prod")
    assert prod["AGENT_KUBE_CONTEXT"] == "rancher-desktop"
