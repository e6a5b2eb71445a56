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


def test_real_secrets_pass_and_a_scripted_upstream_takes_any() -> None:
    assert Settings(**REAL).radius_secret.get_secret_value() == "9f31c0"
    assert Settings(**{**REAL, "upstream_url": "http://127.0.0.1:8300", "radius_secret": "testing123"})
