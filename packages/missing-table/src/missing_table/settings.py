"""Settings of backend and worker: environment over env file over default. No setting is read anywhere else.

Secrets come only from here and never appear in a repr. `MT_ENV_FILE` names an env file (no default: which database a
process talks to is never a guess).
"""

import os
import re
from datetime import UTC, date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import structlog
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PLACEHOLDER = re.compile(
    r"(change.?me.*|replace.?me.*|placeholder.*|your[-_ ].*|todo|x{3,}|\.{3}|<.*>|.*example.*"
    r"|secret|password|postgres|guest|test|testing123)?",
    re.IGNORECASE,
)
"""What stands in example files, and what nobody may sign in with."""


class SettingsError(Exception):
    """A setting is missing or malformed. The text names it and says what it should look like (exit code 2)."""


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _moment(value: object) -> object:
    """A bare date is noon UTC of that day, so that it is the same day in every zone of the league."""
    value = _blank_is_none(value)
    if isinstance(value, str) and len(value.strip()) == len("2026-11-24"):
        return datetime.combine(date.fromisoformat(value.strip()), time(12), UTC)
    if isinstance(value, str):
        moment = datetime.fromisoformat(value.strip())
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return value


log = structlog.get_logger(__name__)
Blankable = BeforeValidator(_blank_is_none)
Port = Annotated[int, Field(ge=1, le=65535)]


def _password(url: SecretStr | None) -> str | None:
    return (urlsplit(url.get_secret_value()).password or "") if url is not None else None


class Settings(BaseSettings):
    """What a process of this package may be told. `require_*` say which one is missing, in a sentence."""

    model_config = SettingsConfigDict(env_prefix="MT_", extra="ignore", populate_by_name=True, frozen=True)

    database_url: Annotated[SecretStr | None, Blankable] = Field(default=None, validation_alias="DATABASE_URL")
    database_direct_url: Annotated[SecretStr | None, Blankable] = Field(
        default=None, validation_alias="DATABASE_DIRECT_URL"
    )
    amqp_url: Annotated[SecretStr | None, Blankable] = Field(default=None, validation_alias="AMQP_URL")
    env: Literal["local", "prod"] = "local"
    today: Annotated[datetime | None, BeforeValidator(_moment)] = None
    jwt_secret: Annotated[SecretStr | None, Blankable] = None
    jwks_url: Annotated[str | None, Blankable] = None
    auth_url: Annotated[str | None, Blankable] = None
    auth_key: Annotated[SecretStr | None, Blankable] = None
    public_url: Annotated[str | None, Blankable] = None
    site_dir: Annotated[Path | None, Blankable] = None
    migrations_dir: Annotated[Path | None, Blankable] = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    host: str = "127.0.0.1"
    port: Port = 8000
    rate_per_minute: Annotated[int, Field(ge=0)] = 3000
    """Of one address, over everything public and private; 0: no limit. Generous: a whole touchline may share one."""
    key_rate_per_minute: Annotated[int, Field(ge=0)] = 600
    """Of one key or account, whatever addresses it comes from; 0: no limit."""
    refusals_per_minute: Annotated[int, Field(ge=0)] = 20
    """Wrong passwords, keys and tokens of one address; 0: no limit."""
    trusted_proxies: str = "127.0.0.1,::1"
    """Addresses and networks (CIDR) whose X-Forwarded-For is believed: Nginx, and what stands before it."""
    worker_concurrency: Annotated[int, Field(ge=1, le=64)] = 2
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[Port | None, Blankable] = None

    @model_validator(mode="after")
    def _no_placeholders(self) -> Self:
        """In production a secret out of an example file is no secret."""
        if self.env == "prod":
            given = {
                "DATABASE_URL": _password(self.database_url),
                "DATABASE_DIRECT_URL": _password(self.database_direct_url),
                "AMQP_URL": _password(self.amqp_url),
                "MT_JWT_SECRET": self.jwt_secret.get_secret_value() if self.jwt_secret else None,
            }
            wrong = [name for name, secret in given.items() if secret is not None and PLACEHOLDER.fullmatch(secret)]
            if wrong:
                raise ValueError(
                    f"MT_ENV is prod and the secret in {', '.join(wrong)} is a placeholder: put the real one"
                )
        return self

    @property
    def production(self) -> bool:
        """Whether this is production, by MT_ENV or by the database's host: Supabase's, where there is no other."""
        return self.env == "prod" or self.database_host.endswith((".supabase.co", ".supabase.com"))

    @property
    def database_host(self) -> str:
        """Of the direct address where there is one; empty where none is set."""
        given = self.database_direct_url or self.database_url
        return (urlsplit(given.get_secret_value()).hostname or "") if given else ""

    def say_database(self) -> None:
        """Logs which database this process writes to, before it does; a warning where it is production's."""
        given = self.database_direct_url or self.database_url
        name = urlsplit(given.get_secret_value()).path.lstrip("/") if given else ""
        if self.production:
            log.warning("writes to the PRODUCTION database", host=self.database_host, database=name)
        else:
            log.info("database", host=self.database_host, database=name)

    @cached_property
    def pooled_dsn(self) -> str:
        """The database for requests and ingest; may be a pooler in transaction mode."""
        if self.database_url is None:
            raise SettingsError("DATABASE_URL is not set: it names the database, as postgresql://user:secret@host/name")
        return self.database_url.get_secret_value()

    @cached_property
    def direct_dsn(self) -> str:
        """The database without a pooler between, for LISTEN and migrations; DATABASE_URL where none is given."""
        if self.database_direct_url is None:
            return self.pooled_dsn
        return self.database_direct_url.get_secret_value()

    @cached_property
    def broker_url(self) -> str:
        """The broker's address with its secret."""
        if self.amqp_url is None:
            raise SettingsError("AMQP_URL is not set: it names the broker, as amqp://user:secret@host:5672/vhost")
        return self.amqp_url.get_secret_value()

    @cached_property
    def key_document_url(self) -> str | None:
        """Where the sign-in's public keys are: MT_JWKS_URL, or where MT_AUTH_URL has them."""
        if self.jwks_url is not None or self.auth_url is None:
            return self.jwks_url
        return f"{self.auth_url.rstrip('/')}/.well-known/jwks.json"

    def now(self) -> datetime:
        """The present, or MT_TODAY where that is set: for plans, freshness and the choice of season alone."""
        return self.today or datetime.now(UTC)


def load_settings() -> Settings:
    """Reads the environment over MT_ENV_FILE.secret over MT_ENV_FILE; SettingsError: a sentence a malformed setting."""
    env_file = os.environ.get("MT_ENV_FILE") or None
    if env_file is not None and not Path(env_file).is_file():
        raise SettingsError(f"MT_ENV_FILE names {env_file!r}, and there is no such file")
    try:
        return Settings(_env_file=(env_file, f"{env_file}.secret") if env_file else None)
    except ValidationError as error:
        raise SettingsError("; ".join(_sentence(entry["loc"], entry["msg"]) for entry in error.errors())) from None


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    if not location:
        return message.removeprefix("Value error, ")
    name = str(location[0])
    return f"{name if name.isupper() else 'MT_' + name.upper()}: {message}"
