"""Settings of the agent: environment over env file over default. No setting is read anywhere else.

Secrets come only from here and never appear in a repr, a log or a report.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from match_scraper import BrowserMode
from match_scraper.settings import addresses

DEFAULT_MODEL = "claude-haiku-4-5"
PROMPT = Path(__file__).with_name("agent.md")
_PLACEHOLDER = re.compile(
    r"(change.?me.*|replace.?me.*|placeholder.*|your[-_ ].*|todo|x{3,}|\.{3}|<.*>|.*example.*"
    r"|secret|password|postgres|guest|test|testing123)?",
    re.IGNORECASE,
)
_LINE = re.compile(r"(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=.*")


class SettingsError(Exception):
    """A setting or an option is missing or malformed. The text is one sentence that names it (exit code 2)."""


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _moment(value: object) -> object:
    """A bare date is noon UTC of that day, so that it is the same day in every zone of the league."""
    value = _blank_is_none(value)
    if not isinstance(value, str):
        return value
    if len(value.strip()) == len("2026-11-24"):
        return datetime.combine(date.fromisoformat(value.strip()), time(12), UTC)
    moment = datetime.fromisoformat(value.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Blankable = BeforeValidator(_blank_is_none)


class Settings(BaseSettings):
    """What the agent may be told. Times ending in `_s` are seconds."""

    model_config = SettingsConfigDict(env_prefix="AGENT_", extra="ignore", populate_by_name=True, frozen=True)

    api_url: str = "http://127.0.0.1:8000"
    api_key: Annotated[SecretStr | None, Blankable] = None
    proxy_url: Annotated[str | None, Blankable] = "http://127.0.0.1:8100"
    proxy_key: Annotated[SecretStr | None, Blankable] = None
    model: str = DEFAULT_MODEL
    amqp_url: Annotated[SecretStr | None, Blankable] = Field(default=None, validation_alias="AMQP_URL")
    source_url: str = "https://www.mlssoccer.com"
    viewer_url: str = "https://mls-assist.theintelligenceplatform.com"
    modular11_url: str = "https://www.modular11.com"
    source_resolve: Annotated[dict[str, str], NoDecode, BeforeValidator(addresses)] = Field(default_factory=dict)
    source_ca: Annotated[Path | None, Blankable] = None
    chromium: Path = Path("/usr/bin/chromium")
    browser: BrowserMode = "always"
    state_dir: Path = Path.home() / ".local" / "state" / "match-scraper-agent"
    today: Annotated[datetime | None, BeforeValidator(_moment)] = None
    targets_file: Annotated[Path | None, Blankable] = None
    prompt_file: Annotated[Path | None, Blankable] = None
    kube_context: Annotated[str | None, Blankable] = None
    webhook_url: Annotated[SecretStr | None, Blankable] = None
    model_timeout_s: Annotated[float, Field(gt=0)] = 180.0
    log_level: str = "warning"

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


def check_env_file(path: Path) -> None:
    """Raises SettingsError where a line of an env file is neither KEY=VALUE nor a comment, or where it is missing."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the env file {path} cannot be read ({error}); name another with --env-file") from None
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text and not text.startswith("#") and not _LINE.fullmatch(text):
            raise SettingsError(f"the env file {path} is malformed: line {number} is not KEY=VALUE; mend that line")


def load_settings(env_file: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Environment over FILE.secret over FILE; `overrides` win over all. Raises SettingsError, one sentence."""
    if env_file is not None:
        check_env_file(env_file)
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    try:
        return Settings(_env_file=(env_file, f"{env_file}.secret") if env_file else None, **given)
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
