"""Env files are read strictly: a line that is no setting is named, with its file, and not shown."""

from pathlib import Path

import pytest

from match_contract import envfile
from match_contract.envfile import EnvFileError


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
    with pytest.raises(EnvFileError, match=r"envs/\.env\.local is malformed: .*line 2 ") as raised:
        envfile.parse(f"OK=1\n{line}\n", "envs/.env.local")
    assert line not in str(raised.value)


def test_the_secrets_lie_beside_the_file_and_win_over_it(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("A=1\nB=2\n")
    assert envfile.read(*envfile.with_secrets(file)) == {"A": "1", "B": "2"}
    (tmp_path / "env.secret").write_text("B=secret\nA=\n")
    assert envfile.read(*envfile.with_secrets(file)) == {"A": "1", "B": "secret"}


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvFileError, match=f"the env file {tmp_path / 'absent'} cannot be read"):
        envfile.read(tmp_path / "absent")
