"""The agent's settings are the reader's and more; an empty value counts as not set, with two exceptions."""

from pathlib import Path

import pytest

from match_scraper.settings import ReaderSettings
from match_scraper_agent.settings import Settings, SettingsError, load_settings

MEANT = {"proxy_url", "chromium"}


def variable(name: str) -> str:
    return str(Settings.model_fields[name].validation_alias or f"AGENT_{name.upper()}")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)


@pytest.mark.parametrize("value", ["", "  "])
@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - MEANT))
def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    unset = load_settings()
    monkeypatch.setenv(variable(name), value)
    assert load_settings() == unset
    if name in ReaderSettings.model_fields:
        assert getattr(ReaderSettings(), name) == getattr(unset, name)


def test_two_settings_say_something_by_being_empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Settings.EMPTY_MEANS_NONE == MEANT
    monkeypatch.setenv("AGENT_CHROMIUM", "")
    monkeypatch.setenv("AGENT_PROXY_URL", "")
    assert (load_settings().chromium, load_settings().proxy_url) == (None, None)
    assert ReaderSettings().chromium is None
    file = tmp_path / "env"
    file.write_text("AGENT_CHROMIUM=/opt/chromium\nAGENT_PROXY_URL=http://gateway\nAGENT_MODEL=m\n")
    assert (load_settings(file).chromium, load_settings(file).proxy_url, load_settings(file).model) == (None, None, "m")


def test_the_environment_wins_over_the_secret_file_and_that_over_the_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "env").write_text("AGENT_MODEL=a\nAGENT_API_URL=http://a\nAGENT_STATE_DIR=\nAMQP_URL=amqp://a\n")
    (tmp_path / "env.secret").write_text("AGENT_MODEL=b\nAMQP_URL=amqp://b\n")
    monkeypatch.setenv("AGENT_MODEL", "c")
    monkeypatch.setenv("AGENT_API_URL", "")
    found = load_settings(tmp_path / "env")
    assert (found.model, found.api_url, found.state_dir) == ("c", "http://a", Settings().state_dir)
    assert found.amqp_url is not None
    assert found.amqp_url.get_secret_value() == "amqp://b"
    assert load_settings(tmp_path / "env", {"model": "d"}).model == "d"


def test_a_wrong_value_in_the_file_is_named_by_its_variable(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("AGENT_MODEL_TIMEOUT_S=0\n")
    with pytest.raises(SettingsError, match="AGENT_MODEL_TIMEOUT_S: Input should be greater than 0"):
        load_settings(tmp_path / "env")


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


THERE = {"api_url": "https://missingtable.invalid", "api_key": "mt_0a1b2c3d_77f0", "proxy_key": "agent.9f31c0"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("api_key", "changeme", "AGENT_API_KEY"),
        ("proxy_key", "agent.<password>", "AGENT_PROXY_KEY"),
        ("amqp_url", "amqp://agent:PASSWORD@rabbitmq:5672/%2F", "AMQP_URL"),
    ],
)
def test_a_placeholder_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.delenv("AMQP_URL", raising=False)
    with pytest.raises(SettingsError, match=f"^the secret in {said} is a placeholder"):
        load_settings(None, {**THERE, name: value})


def test_real_secrets_pass_and_this_machine_takes_any() -> None:
    assert load_settings(None, THERE).api_url == THERE["api_url"]
    assert load_settings(None, {"api_key": "changeme", "api_url": "http://127.0.0.1:8000"})
