"""Settings of backend and worker: environment over env file over default. No setting is read anywhere else.

Secrets come only from here and never appear in a repr. `MT_ENV_FILE` names an env file (no default: which database a
process talks to is never a guess).
"""

import os
import re
from datetime import UTC, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import structlog
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from match_contract import envfile, moment_of
from match_contract.envfile import EnvFileError

PLACEHOLDER = re.compile(
    r"(change.?me.*|replace.?me.*|placeholder.*|your[-_ ].*|todo|x{3,}|\.{3}|<.*>|.*example.*"
    r"|secret|password|postgres|guest|test|testing123)?",
    re.IGNORECASE,
)
"""What stands in example files, and what nobody may sign in with."""


class SettingsError(Exception):
    """A setting is missing or malformed. The text names it and says what it should look like (exit code 2)."""


def _moment(value: object) -> object:
    return moment_of(value) if isinstance(value, str) else value


log = structlog.get_logger(__name__)
Port = Annotated[int, Field(ge=1, le=65535)]


def _password(url: SecretStr | None) -> str | None:
    return (urlsplit(url.get_secret_value()).password or "") if url is not None else None


class Settings(BaseSettings):
    """What a process of this package may be told. `require_*` say which one is missing, in a sentence."""

    model_config = SettingsConfigDict(
        env_prefix="MT_", extra="ignore", populate_by_name=True, frozen=True, env_ignore_empty=True
    )

    database_url: SecretStr | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="the database for requests and ingest; may be a pooler in transaction mode",
    )
    database_direct_url: SecretStr | None = Field(
        default=None,
        validation_alias="DATABASE_DIRECT_URL",
        description="the database without a pooler, for LISTEN and migrations; not set: DATABASE_URL",
    )
    amqp_url: SecretStr | None = Field(
        default=None, validation_alias="AMQP_URL", description="the broker, `amqp://user:secret@host:5672/vhost`"
    )
    env: Literal["local", "prod"] = Field(
        default="local", description="local or prod; prod refuses placeholder secrets"
    )
    today: Annotated[datetime | None, BeforeValidator(_moment)] = Field(
        default=None, description="replaces now for freshness and season"
    )
    jwt_secret: SecretStr | None = Field(
        default=None, description="the sign-in's own secret, for tokens signed with it"
    )
    jwks_url: str | None = Field(default=None, description="the sign-in's public keys")
    auth_url: str | None = Field(
        default=None, description="the sign-in's address (Supabase: https://<project>.supabase.co/auth/v1)"
    )
    auth_key: SecretStr | None = Field(
        default=None, description="the key of the project that the sign-in is asked with"
    )
    public_url: str | None = Field(default=None, description="the site's address, for calendars and pages")
    site_dir: Path | None = Field(default=None, description="the built site, where the backend serves it (embedded)")
    migrations_dir: Path | None = Field(
        default=None, description="supabase/migrations, where they do not lie beside the package"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug, info, warning or error; JSON lines on stderr"
    )
    host: str = Field(default="127.0.0.1", description="where the backend listens")
    port: Port = Field(default=8000, description="where the backend listens")
    # generous, since a whole touchline may share one address
    rate_per_minute: int = Field(default=3000, ge=0, description="requests a minute of one address; 0: no limit")
    key_rate_per_minute: int = Field(
        default=600, ge=0, description="requests a minute of one key or signed-in account; 0: no limit"
    )
    refusals_per_minute: int = Field(
        default=20, ge=0, description="wrong keys, tokens and passwords a minute of one address; 0: no limit"
    )
    trusted_proxies: str = Field(
        default="127.0.0.1,::1", description="addresses and networks whose X-Forwarded-For is believed"
    )
    proof_seconds: int = Field(
        default=1800,
        ge=0,
        description="how long one making of forecasts may go on proving what is still possible; 0: not at all",
    )
    worker_concurrency: int = Field(default=2, ge=1, le=64, description="processes that land messages side by side")
    metrics_host: str = Field(default="127.0.0.1", description="where the worker's /metrics listens")
    metrics_port: Port | None = Field(default=None, description="where the worker's /metrics listens; not set: nowhere")

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

    def latest(self) -> datetime:
        """Return the moment ahead of which no document may be dated: our clock, or the end of MT_TODAY after it."""
        now = datetime.now(UTC)
        return max(now, datetime.combine(self.today, time.max, UTC)) if self.today else now


def load_settings() -> Settings:
    """Reads the environment over MT_ENV_FILE.secret over MT_ENV_FILE; SettingsError: a sentence a malformed setting."""
    named = os.environ.get("MT_ENV_FILE")
    if named and not Path(named).is_file():
        raise SettingsError(f"MT_ENV_FILE names {named!r}, and there is no such file")
    try:
        written = envfile.read(*envfile.with_secrets(Path(named))) if named else {}
        given = {key: value for key, value in written.items() if value}
        return Settings(**envfile.of_fields(Settings, "MT_", given, os.environ))
    except EnvFileError as error:
        raise SettingsError(str(error)) from None
    except ValidationError as error:
        raise SettingsError("; ".join(_sentence(entry["loc"], entry["msg"]) for entry in error.errors())) from None


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    if not location:
        return message.removeprefix("Value error, ")
    name = str(location[0])
    return f"{name if name.isupper() else 'MT_' + name.upper()}: {message}"
