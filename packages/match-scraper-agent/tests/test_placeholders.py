"""Against an API out there, a secret out of an example file is refused, before anything is read."""

import pytest

from match_scraper_agent.settings import SettingsError, load_settings

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
