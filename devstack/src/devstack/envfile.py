"""Find the env files of a local stack and what a person set in them, or above them in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from devstack.errors import BadSettings
from devstack.places import ROOT
from match_contract import envfile
from match_contract.envfile import EnvFileError

PREFIXES = ("MT_", "AGENT_", "IRON_CLAW_", "SUPABASE_")
NAMES = ("DATABASE_URL", "DATABASE_DIRECT_URL", "AMQP_URL", "ANTHROPIC_API_KEY")
OURS_ALONE = ("MT_SHARED", "MT_ENV_FILE")
"""What is meant for ./mt itself and is handed to no process."""


def files() -> list[Path]:
    """A local stack's files: envs/.env.local (or what MT_ENV_FILE names instead), and the secret one beside it."""
    chosen = os.environ.get("MT_ENV_FILE")
    main = Path(chosen) if chosen else ROOT / "envs" / ".env.local"
    if chosen and not main.exists():
        raise BadSettings(f"MT_ENV_FILE names {main}, which does not exist.")
    return [main, main.with_name(f"{main.name}.secret")]


def read(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a person set for our processes, the environment over the env files. Empty counts as not set."""
    try:
        settings = envfile.read(*(file for file in files() if file.exists()))
    except EnvFileError as error:
        raise BadSettings(f"{error}.") from None
    ours = {key: value for key, value in environment.items() if key.startswith(PREFIXES) or key in NAMES}
    settings |= {key: value for key, value in ours.items() if value}
    return {key: value for key, value in settings.items() if value and key not in OURS_ALONE}
