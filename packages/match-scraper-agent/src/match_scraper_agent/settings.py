"""Settings of the agent: environment over env file over default. No setting is read anywhere else.

Secrets come only from here and never appear in a repr, a log or a report.
"""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator

from match_contract import envfile, moment_of
from match_contract.envfile import EnvFileError
from match_scraper import BrowserMode
from match_scraper.settings import ReaderSettings

DEFAULT_MODEL = "claude-haiku-4-5"
PROMPT = Path(__file__).with_name("agent.md")
_PLACEHOLDER = re.compile(
    r"(change.?me.*|replace.?me.*|placeholder.*|your[-_ ].*|todo|x{3,}|\.{3}|<.*>|.*example.*"
    r"|secret|password|postgres|guest|test|testing123)?",
    re.IGNORECASE,
)


class SettingsError(Exception):
    """A setting or an option is missing or malformed. The text is one sentence that names it (exit code 2)."""


def _moment(value: object) -> object:
    return moment_of(value) if isinstance(value, str) else value


class Settings(ReaderSettings):
    """What the agent may be told: what the reader may, and more. Times ending in `_s` are seconds."""

    EMPTY_MEANS_NONE: ClassVar[frozenset[str]] = ReaderSettings.EMPTY_MEANS_NONE | {"proxy_url"}

    api_url: str = Field(default="http://127.0.0.1:8000", description="the API, which knows what has landed")
    api_key: SecretStr | None = Field(default=None, description="the service key of the API, scope `agent`")
    proxy_url: str | None = Field(
        default="http://127.0.0.1:8100", description="the gateway to the model; empty: without a model"
    )
    proxy_key: SecretStr | None = Field(
        default=None, description="`<user>.<password>` of the gateway; without it runs go without a model"
    )
    model: str = Field(default=DEFAULT_MODEL, description="the model asked for")
    model_timeout_s: float = Field(default=180.0, gt=0, description="the whole conversation, in seconds")
    amqp_url: SecretStr | None = Field(
        default=None, validation_alias="AMQP_URL", description="the broker, `amqp://user:secret@host:5672/vhost`"
    )
    browser: BrowserMode = Field(default="always", description="always, auto or never: how today's viewer is found")
    today: Annotated[datetime | None, BeforeValidator(_moment)] = Field(
        default=None, description="replaces now for plan, freshness and season"
    )
    targets_file: Path | None = Field(default=None, description="the targets, instead of the package's")
    prompt_file: Path | None = Field(default=None, description="the system prompt, instead of the package's")
    kube_context: str | None = Field(
        default=None, description="kubectl's context of the cluster at home; read by the scripts, not by a run"
    )
    webhook_url: SecretStr | None = Field(default=None, description="gets `{text, run}` by POST after each run")
    log_level: str = Field(default="warning", description="debug, info, warning or error; JSON lines on stderr")

    @model_validator(mode="after")
    def _no_placeholders(self) -> Self:
        """Against an API that is not on this machine, a secret out of an example file is no secret."""
        if not self.api_url.startswith("https://"):
            return self
        given = {
            "AGENT_API_KEY": self.api_key.get_secret_value() if self.api_key else None,
            "AGENT_PROXY_KEY": self.proxy_key.get_secret_value().partition(".")[2] if self.proxy_key else None,
            "AMQP_URL": (urlsplit(self.amqp_url.get_secret_value()).password or "") if self.amqp_url else None,
        }
        wrong = [name for name, secret in given.items() if secret is not None and _PLACEHOLDER.fullmatch(secret)]
        if wrong:
            raise ValueError(f"the secret in {', '.join(wrong)} is a placeholder: put the real one")
        return self

    def now(self) -> datetime:
        """The present, or AGENT_TODAY where that is set: for the plan, freshness and the choice of season alone."""
        return self.today or datetime.now(UTC)


def load_settings(env_file: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read the environment over FILE.secret over FILE, `overrides` over all; raises SettingsError, one sentence."""
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    try:
        if env_file is not None:
            written = envfile.read(*envfile.with_secrets(env_file))
            given = {**envfile.of_fields(Settings, "AGENT_", written, os.environ), **given}
        return Settings(**given)
    except EnvFileError as error:
        raise SettingsError(f"{error} with --env-file" if "name another" in str(error) else str(error)) from None
    except ValidationError as error:
        raise SettingsError("; ".join(_sentence(entry["loc"], entry["msg"]) for entry in error.errors())) from None


def load_prompt(path: Path | None = None) -> str:
    """The system prompt's text (the package's own where none is named); raises SettingsError, one sentence."""
    file = path or PROMPT
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"AGENT_PROMPT_FILE {file} cannot be read: {error}") from None


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    if not location:
        return message.removeprefix("Value error, ")
    name = str(location[0])
    return f"{name if name.isupper() else 'AGENT_' + name.upper()}: {message}"
