"""Where real calls are paid for, a secret out of an example file is refused."""

import pytest
from pydantic import ValidationError

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
