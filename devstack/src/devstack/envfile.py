"""Env files: NAME=value lines, read strictly. No variable is expanded, nothing is executed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from devstack.errors import BadSettings
from devstack.places import ROOT

LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)")
PREFIXES = ("MT_", "AGENT_", "IRON_CLAW_", "SUPABASE_")
NAMES = ("DATABASE_URL", "DATABASE_DIRECT_URL", "AMQP_URL", "ANTHROPIC_API_KEY")
OURS_ALONE = ("MT_SHARED", "MT_ENV_FILE")
"""What is meant for ./mt itself and is handed to no process."""


def parse(text: str, name: str) -> dict[str, str]:
    """The settings of one file. BadSettings names the file and the line that cannot be read."""
    found: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        if match is None:
            raise BadSettings(
                f"{name}, line {number}: {line[:60]!r} is not NAME=value. Correct it or comment it out (#)."
            )
        found[match["name"]] = _unquoted(match["value"].strip(), name, number)
    return found


def _unquoted(value: str, name: str, number: int) -> str:
    for quote in ('"', "'"):
        if value.startswith(quote):
            end = value.find(quote, 1)
            rest = value[end + 1 :].strip() if end > 0 else ""
            if end < 0 or (rest and not rest.startswith("#")):
                raise BadSettings(
                    f"{name}, line {number}: the value's opening {quote} has no end, or something follows it."
                )
            return value[1:end]
    return re.split(r"\s+#", value, maxsplit=1)[0].rstrip()


def files() -> list[Path]:
    """A local stack's files: envs/.env.local (or what MT_ENV_FILE names instead), and the secret one beside it."""
    chosen = os.environ.get("MT_ENV_FILE")
    main = Path(chosen) if chosen else ROOT / "envs" / ".env.local"
    if chosen and not main.exists():
        raise BadSettings(f"MT_ENV_FILE names {main}, which does not exist.")
    return [main, main.with_name(f"{main.name}.secret")]


def read(environment: Mapping[str, str]) -> dict[str, str]:
    """What a person set for our processes: the environment over the env files. Empty values count as not set."""
    settings: dict[str, str] = {}
    for file in files():
        if file.exists():
            try:
                text = file.read_text(encoding="utf-8")
            except (UnicodeDecodeError, OSError) as error:
                raise BadSettings(f"{file} cannot be read: {error}") from error
            settings.update(parse(text, str(file)))
    settings.update({key: value for key, value in environment.items() if key.startswith(PREFIXES) or key in NAMES})
    return {key: value for key, value in settings.items() if value and key not in OURS_ALONE}
