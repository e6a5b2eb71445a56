"""Env files are read strictly: a line that is no setting is named, with its file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from devstack import envfile
from devstack.errors import BadSettings


def test_comments_quotes_and_export_are_understood() -> None:
    text = """
    # a comment
    A=1
    export B="two words"   # said twice
    C='single # not a comment'
    D=plain # comment
    E=
    """
    assert envfile.parse(text, "f") == {
        "A": "1",
        "B": "two words",
        "C": "single # not a comment",
        "D": "plain",
        "E": "",
    }


@pytest.mark.parametrize("line", ["no equals sign", "1A=x", "A B=x", 'A="no end', 'A="x" y', "=x"])
def test_a_malformed_line_is_named_with_its_file(line: str) -> None:
    with pytest.raises(BadSettings, match=r"envs/\.env\.local, line 2: ") as raised:
        envfile.parse(f"OK=1\n{line}\n", "envs/.env.local")
    assert raised.value.exit_code == 2


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
    git = ["git", "-C", str(envfile.ROOT), "ls-files", "-z", "envs"]
    listed = subprocess.run(git, capture_output=True, text=True, check=True).stdout.split("\0")
    files = [envfile.ROOT / name for name in listed if name]
    assert {file.name for file in files} >= {".env.local", ".env.prod", ".env.local.secret.example"}
    for file in files:
        assert not file.name.endswith(".secret"), file
        settings = envfile.parse(file.read_text(), str(file))
        assert not {name for name in settings if name.endswith(("_KEY", "_SECRET", "_PASSWORD"))}, file
    prod = envfile.parse((envfile.ROOT / "envs" / ".env.prod").read_text(), "prod")
    assert prod["AGENT_KUBE_CONTEXT"] == "rancher-desktop"
