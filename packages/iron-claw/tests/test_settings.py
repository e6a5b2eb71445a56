"""What an operator may set: empty values, placeholders, bounds."""

import pytest
from pydantic import ValidationError

from iron_claw.serve import STOP_WITHIN_S
from iron_claw.settings import Settings

REAL = {"upstream_key": "sk-Q7f2", "radius_host": "freeradius", "radius_secret": "9f31c0", "coa_secret": "77ab02"}


@pytest.mark.parametrize("name", ["upstream_key", "radius_secret", "coa_secret"])
@pytest.mark.parametrize("value", ["changeme", "<your key>", "testing123", "your-api-key"])
def test_a_placeholder_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=f"IRON_CLAW_{name.upper()}") as refused:
        Settings(**{**REAL, name: value})
    assert refused.value.errors()[0]["loc"] == ()


@pytest.mark.parametrize(
    "address",
    ["postgresql://radius:changeme@db.invalid/postgres", "host=db.invalid dbname=postgres password='<your password>'"],
)
def test_the_password_of_the_database_is_no_placeholder_either(address: str) -> None:
    with pytest.raises(ValidationError, match="IRON_CLAW_DATABASE_URL") as refused:
        Settings(**{**REAL, "database_url": address})
    assert refused.value.errors()[0]["loc"] == ()
    kept = Settings(
        **{**REAL, "database_url": "postgresql://radius:9f3%2F1c0@db.invalid:5432/postgres?sslmode=require"}
    )
    assert kept.database == ("db.invalid", "postgres", "9f3/1c0")


def test_a_malformed_address_of_the_database_is_named_and_not_repeated() -> None:
    with pytest.raises(ValidationError, match="IRON_CLAW_DATABASE_URL is no address") as refused:
        Settings(**{**REAL, "database_url": "my-secret and no address"})
    assert "my-secret" not in refused.value.errors()[0]["msg"]


def test_real_secrets_pass_and_a_scripted_upstream_takes_any() -> None:
    assert Settings(**REAL).radius_secret.get_secret_value() == "9f31c0"
    assert Settings(**{**REAL, "upstream_url": "http://127.0.0.1:8300", "radius_secret": "testing123"})


def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IRON_CLAW_UPSTREAM_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    defaults = Settings().model_dump()
    for name in Settings.model_fields:
        monkeypatch.setenv(f"IRON_CLAW_{name.upper()}", "")
    assert Settings().model_dump() == defaults
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-the-other-name")
    assert Settings().upstream_key.get_secret_value() == "sk-of-the-other-name"


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_no_drain_is_so_long_that_the_end_would_take_more_than_twenty_seconds() -> None:
    assert Settings(drain_s=14).drain_s < STOP_WITHIN_S
    with pytest.raises(ValueError, match="drain_s"):
        Settings(drain_s=15)
