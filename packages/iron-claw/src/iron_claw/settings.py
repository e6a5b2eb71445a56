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

    model_config = SettingsConfigDict(
        env_prefix="IRON_CLAW_", extra="ignore", populate_by_name=True, env_ignore_empty=True
    )

    host: str = Field(default="127.0.0.1", description="where it listens")
    port: int = Field(default=8100, ge=1, le=65535, description="where it listens")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug, info, warning or error; JSON lines on stderr"
    )

    upstream_url: str = Field(default="https://api.anthropic.com", description="where calls go")
    upstream_key: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("IRON_CLAW_UPSTREAM_KEY", "ANTHROPIC_API_KEY"),
        description="the real key of the model; without it `./mt` plays a scripted one",
    )
    upstream_connect_timeout_s: float = Field(default=5.0, gt=0, description="seconds to connect")
    upstream_read_timeout_s: float = Field(default=300.0, gt=0, description="seconds between two chunks")
    max_body_bytes: int = Field(default=32 * 2**20, gt=0, description="the longest request body")

    mode: Literal["radius", "bare"] = Field(
        default="radius", description="radius, or bare: everybody is let through and only counted"
    )
    radius_host: str = Field(default="", description="the RADIUS server; empty means bare")
    radius_auth_port: int = Field(default=1812, description="its port for Access-Requests")
    radius_acct_port: int = Field(default=1813, description="its port for accounting")
    radius_secret: SecretStr = Field(default=SecretStr(""), description="shared with it")
    radius_timeout_s: float = Field(default=1.0, gt=0, description="seconds for an answer")
    radius_tries: int = Field(default=3, ge=1, description="how often it is asked")
    nas_identifier: str = Field(default="iron-claw", description="who the gateway is to RADIUS")
    nas_ip: str = Field(default="127.0.0.1", description="the same as an address: fixed, not a pod's")
    coa_host: str = Field(default="127.0.0.1", description="where CoA and Disconnect come in")
    coa_port: int = Field(default=3799, ge=0, le=65535, description="where CoA and Disconnect come in")
    coa_secret: SecretStr = Field(
        default=SecretStr(""), description="shared with FreeRADIUS for CoA; without it the port stays closed"
    )
    slices: bool = Field(default=False, description="several gateways share budgets, in slices from RADIUS")
    slice_lease_s: int = Field(default=120, ge=3, le=900, description="seconds for which a slice holds without RADIUS")
    grace_s: int = Field(default=0, ge=0, description="with RADIUS away, seconds on the last grant")

    key_map: dict[str, SecretStr] = Field(
        default_factory=dict, description="JSON: other keys, each standing for a `<user>.<password>`"
    )

    policy_mode: Literal["enforce", "monitor"] = Field(
        default="enforce", description="enforce, or monitor: decide and count, change nothing"
    )
    downgrade_pct: int = Field(
        default=70, ge=1, le=100, description="the ladder's first rung, % of the session's tokens"
    )
    reduce_pct: int = Field(default=90, ge=1, le=100, description="the ladder's second rung")
    reduce_max_tokens: int = Field(default=1024, ge=1, description="`max_tokens` there")
    reduce_calls: int = Field(default=10, ge=1, description="calls left there")
    model_map: dict[str, str] = Field(
        default_factory=lambda: {"claude-opus-*": "claude-sonnet-4-6", "claude-sonnet-*": "claude-haiku-4-5"},
        description="JSON: which model stands in for which",
    )
    input_bytes_per_token: int = Field(default=2, ge=1, le=4, description="the cautious estimate of a body's tokens")
    allow: list[str] = Field(
        default_factory=list,
        description="JSON list: what of a request passes although it is not metered, as kind:name (`*` as a wildcard)",
    )
    prices_file: Path = Field(default=PRICES, description="micro-dollars per million tokens")

    session_timeout_s: int = Field(default=86_400, ge=1, description="where the grant says nothing")
    idle_timeout_s: int = Field(default=900, ge=1, description="where the grant says nothing")
    interim_s: int = Field(default=300, ge=60, description="where the grant says nothing")

    state_dir: Path = Field(default=Path("state"), description="the journal's folder, one gateway each")
    journal_max_bytes: int = Field(default=64 * 2**20, ge=1, description="the journal is written anew beyond this")
    journal_fsync_s: float = Field(
        default=0.1, ge=0, description="how long what was written may wait for the disk, in seconds"
    )
    lease_s: int = Field(
        default=900, ge=1, description="after so long without a sign a reservation is looked at, in seconds"
    )
    database_url: SecretStr = Field(
        default=SecretStr(""), description="where `llm_calls` and the users are, as the role `radius`"
    )
    drain_s: int = Field(
        default=12, ge=0, le=14, description="how long streams may go on after SIGTERM, in seconds (at most 14)"
    )

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
