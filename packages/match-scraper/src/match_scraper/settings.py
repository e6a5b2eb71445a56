"""Settings of the reader: environment (prefix AGENT_) over env file over default. Read nowhere else."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
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


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


class ReaderSettings(BaseSettings):
    """What the reader may be told. Times ending in `_s` are seconds.

    `source_resolve` sends a host name to another address, for Chromium and for HTTP (no other host then resolves);
    `source_ca` is the one certificate to trust there. Evidence and what robots.txt said lie under `state_dir`.
    """

    model_config = SettingsConfigDict(env_prefix="AGENT_", extra="ignore", frozen=True)

    source_url: str = "https://www.mlssoccer.com"
    viewer_url: str = "https://mls-assist.theintelligenceplatform.com"
    modular11_url: str = "https://www.modular11.com"
    source_resolve: Annotated[dict[str, str], NoDecode, BeforeValidator(addresses)] = Field(default_factory=dict)
    source_ca: Annotated[Path | None, BeforeValidator(_blank_is_none)] = None
    chromium: Annotated[Path | None, BeforeValidator(_blank_is_none)] = Path("/usr/bin/chromium")
    chromium_sandbox: Annotated[bool | None, BeforeValidator(_blank_is_none)] = None
    """None: on, except for root, for whom Chromium's does not work."""
    state_dir: Path = Path.home() / ".local" / "state" / "match-scraper-agent"
    user_agent: str = USER_AGENT
    browser_deadline_s: Annotated[float, Field(gt=0)] = 25.0
    http_timeout_s: Annotated[float, Field(gt=0)] = 20.0
    max_wait_s: Annotated[float, Field(ge=0)] = 30.0
    """A Retry-After longer than this is not waited for: the feed is then called blocked."""
