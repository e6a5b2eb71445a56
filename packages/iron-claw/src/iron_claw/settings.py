"""Settings of the gateway: IRON_CLAW_* of the environment over an env file over these defaults.

docs/iron-claw.md describes every one; a test compares.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, NamedTuple, Self

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ANTHROPIC = "api.anthropic.com"
PLACEHOLDER = re.compile(
    r"(change.?me.*|replace.?me.*|placeholder.*|your[-_ ].*|todo|x{3,}|\.{3}|<.*>|\[.*\]|.*example.*"
    r"|secret|password|postgres|guest|test|testing123)",
    re.IGNORECASE,
)
"""What stands in example files. Refused where real calls are paid for."""
PRICES = Path(__file__).parent / "prices.toml"


class Database(NamedTuple):
    """An address of PostgreSQL, taken apart. Empty where it says nothing."""

    host: str = ""
    name: str = ""
    password: str = ""

    @classmethod
    def of(cls, address: str) -> Self:
        """Of a URL or of `host=… dbname=…`; ValueError, without what it holds, for anything else."""
        try:
            parts = conninfo_to_dict(address)
        except ProgrammingError:
            text = "IRON_CLAW_DATABASE_URL is no address of a database: postgresql://user:secret@host/name"
            raise ValueError(text) from None
        return cls(*(str(parts.get(key) or "") for key in ("host", "dbname", "password")))


class Settings(BaseSettings):
    """What an operator may set."""

    model_config = SettingsConfigDict(env_prefix="IRON_CLAW_", extra="ignore", populate_by_name=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8100, ge=1, le=65535)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    upstream_url: str = "https://api.anthropic.com"
    upstream_key: SecretStr = Field(
        default=SecretStr(""), validation_alias=AliasChoices("IRON_CLAW_UPSTREAM_KEY", "ANTHROPIC_API_KEY")
    )
    upstream_connect_timeout_s: float = Field(default=5.0, gt=0)
    upstream_read_timeout_s: float = Field(default=300.0, gt=0)
    max_body_bytes: int = Field(default=32 * 2**20, gt=0)

    mode: Literal["radius", "bare"] = "radius"
    radius_host: str = ""
    radius_auth_port: int = 1812
    radius_acct_port: int = 1813
    radius_secret: SecretStr = SecretStr("")
    radius_timeout_s: float = Field(default=1.0, gt=0)
    radius_tries: int = Field(default=3, ge=1)
    nas_identifier: str = "iron-claw"
    nas_ip: str = "127.0.0.1"
    coa_host: str = "127.0.0.1"
    coa_port: int = Field(default=3799, ge=0, le=65535)
    coa_secret: SecretStr = SecretStr("")
    grace_s: int = Field(default=0, ge=0)

    key_map: dict[str, SecretStr] = Field(default_factory=dict)

    policy_mode: Literal["enforce", "monitor"] = "enforce"
    downgrade_pct: int = Field(default=70, ge=1, le=100)
    reduce_pct: int = Field(default=90, ge=1, le=100)
    reduce_max_tokens: int = Field(default=1024, ge=1)
    reduce_calls: int = Field(default=10, ge=1)
    model_map: dict[str, str] = Field(
        default_factory=lambda: {"claude-opus-*": "claude-sonnet-4-6", "claude-sonnet-*": "claude-haiku-4-5"}
    )
    input_bytes_per_token: int = Field(default=2, ge=1, le=4)
    prices_file: Path = PRICES

    session_timeout_s: int = Field(default=86_400, ge=1)
    idle_timeout_s: int = Field(default=900, ge=1)
    interim_s: int = Field(default=300, ge=60)

    state_dir: Path = Path("state")
    journal_max_bytes: int = Field(default=64 * 2**20, ge=1)
    journal_fsync_s: float = Field(default=0.1, ge=0)
    lease_s: int = Field(default=900, ge=1)
    database_url: SecretStr = SecretStr("")
    drain_s: int = Field(default=12, ge=0, le=14)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.downgrade_pct > self.reduce_pct:
            above = f"IRON_CLAW_DOWNGRADE_PCT ({self.downgrade_pct}) must not be above"
            raise ValueError(f"{above} IRON_CLAW_REDUCE_PCT ({self.reduce_pct})")
        if not self.bare and not self.radius_secret.get_secret_value():
            raise ValueError("IRON_CLAW_RADIUS_HOST is set, so IRON_CLAW_RADIUS_SECRET must be set too")
        database = self.database
        if ANTHROPIC in self.upstream_url:
            names = ("upstream_key", "radius_secret", "coa_secret")
            given = {name: getattr(self, name).get_secret_value() for name in names}
            given["database_url"] = database.password
            wrong = [name for name, secret in given.items() if PLACEHOLDER.fullmatch(secret)]
            if wrong:
                listed = ", ".join(f"IRON_CLAW_{name.upper()}" for name in wrong)
                raise ValueError(f"a placeholder is no secret: put the real one into {listed}")
        return self

    @property
    def database(self) -> Database:
        """Where calls are stored, and users and accounting are."""
        return Database.of(self.database_url.get_secret_value())

    @property
    def bare(self) -> bool:
        """No RADIUS: everybody with a key of any kind is let through, and only counted."""
        return self.mode == "bare" or not self.radius_host
