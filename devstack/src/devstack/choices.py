"""What a person chose for a stack, and what its processes were started with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel

GENERATED = "generated"
"""The word for --feeds that means the season which the replica makes itself."""


class Choices(BaseModel):
    """What the person chose for a stack. Kept in DATA/stack.json, without any secret."""

    port_offset: int = 0
    embedded: bool = False
    live: bool = False
    feeds: str = GENERATED
    """A folder, or `generated`."""
    today: str | None = None
    only: tuple[str, ...] | None = None
    """These services alone (`./mt source`); None: all."""
    environment_hash: str = ""
    """Of the settings that the processes were started with; a change restarts them."""
    held: tuple[str, ...] = ()
    """Services that are kept stopped, for looking at a failure."""
    durability: Literal["durable", "throwaway"] = "durable"

    @property
    def world(self) -> Literal["generated", "real"]:
        """Whose matches these are: those that the replica invents, or those that somebody published."""
        return "generated" if self.feeds == GENERATED and not self.live else "real"


def environment_hash(settings: Mapping[str, str]) -> str:
    """Of what the daemons are started with. The agent reads its own settings at every run."""
    text = json.dumps(
        {key: value for key, value in sorted(settings.items()) if not key.startswith(("AGENT_", "AMQP_"))}
    )
    return hashlib.sha256(text.encode()).hexdigest()
