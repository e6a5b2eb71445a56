"""The package's README names every setting, every outcome and every option."""

from pathlib import Path

import pytest
import typer

from match_scraper.cli import app
from match_scraper.outcomes import Outcome
from match_scraper.settings import ReaderSettings

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [f"AGENT_{field.upper()}" for field in ReaderSettings.model_fields])
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_documented(outcome: Outcome) -> None:
    assert f"| `{outcome}` |" in README


def test_every_option_is_documented() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    options = {option for command in commands.values() for one in command.params for option in one.opts}
    assert options
    assert [option for option in sorted(options) if option not in README] == []
