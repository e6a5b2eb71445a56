"""Settings of the reader: environment (prefix AGENT_) over env file over default. Read nowhere else."""

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

CONTACT = "https://missingtable.com/about"
USER_AGENT = f"MissingTable/0.1 (+{CONTACT}; reads tables and fixtures once a day)"
_ADDRESS = re.compile(r"([^=\s]+)=([^:\s]+):(\d{1,5})")


def addresses(value: object) -> object:
    """ "host=ip:port,host=ip:port" as {host: "ip:port"}; raises ValueError that names the bad part."""
    if not isinstance(value, str):
        return value
    found: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in value.split(","))):
        match = _ADDRESS.fullmatch(part)
        if not match or not 0 < int(match[3]) < 65536:
            raise ValueError(f"{part!r} is not of the form host=ip:port")
        found[match[1]] = f"{match[2]}:{match[3]}"
    return found


def is_blank(value: object) -> bool:
    """Return True for a value that counts as not set."""
    return isinstance(value, str) and not value.strip()


class ReaderSettings(BaseSettings):
    """What the reader may be told. Times ending in `_s` are seconds; an empty value counts as not set.

    `EMPTY_MEANS_NONE` names the settings of which an empty value says something instead.
    """

    model_config = SettingsConfigDict(env_prefix="AGENT_", extra="ignore", populate_by_name=True, frozen=True)

    EMPTY_MEANS_NONE: ClassVar[frozenset[str]] = frozenset({"chromium"})

    source_url: str = Field(default="https://www.mlssoccer.com", description="the league's page")
    viewer_url: str = Field(
        default="https://mls-assist.theintelligenceplatform.com", description="the viewer, as a last-known fallback"
    )
    modular11_url: str = Field(
        default="https://www.modular11.com", description="the platform of the seasons to 2025-26"
    )
    source_resolve: Annotated[dict[str, str], NoDecode, BeforeValidator(addresses)] = Field(
        default_factory=dict,
        description="`host=ip:port,…`: sends hosts elsewhere (the replica); no other host resolves",
    )
    source_ca: Path | None = Field(default=None, description="the one certificate to trust there")
    chromium: Path | None = Field(default=Path("/usr/bin/chromium"), description="the browser; empty: Playwright's own")
    chromium_sandbox: bool | None = Field(
        default=None, description="Chromium's own sandbox; not set: on, except for root"
    )
    state_dir: Path = Field(
        default=Path.home() / ".local" / "state" / "match-scraper-agent",
        description="outbox, evidence of failures, robots.txt as it was read, the note of a run under way",
    )
    user_agent: str = Field(default=USER_AGENT, description="who we say we are")
    browser_deadline_s: float = Field(default=25.0, gt=0, description="the browser's whole work, in seconds")
    http_timeout_s: float = Field(default=20.0, gt=0, description="one request to the source, in seconds")
    max_wait_s: float = Field(
        default=30.0, ge=0, description="a longer Retry-After is not waited for, in seconds: the feed is called blocked"
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_is_not_set(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {
            name: None if is_blank(value) else value
            for name, value in given.items()
            if not is_blank(value) or name in cls.EMPTY_MEANS_NONE
        }
