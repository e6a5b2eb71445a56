"""The secrets of a stack's own."""

from __future__ import annotations

import json
import secrets as random
from pathlib import Path

from pydantic import BaseModel

from devstack.services import process


class Secrets(BaseModel):
    """The stack's own secrets, made at its first start, readable by its owner alone (DATA/secrets.json)."""

    postgres_superuser: str
    postgres_owner: str
    postgres_radius: str
    rabbitmq: str
    radius: str
    radius_coa: str
    jwt: str
    agent_api_key: str
    agent_proxy_password: str
    admin_password: str

    @classmethod
    def load(cls, data: Path) -> Secrets:
        """Reads them, and makes what is not there yet."""
        file = data / "secrets.json"
        known: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        made = {name: random.token_hex(24) for name in cls.model_fields}
        made["agent_api_key"] = f"mt_{random.token_hex(4)}_{random.token_hex(24)}"
        if set(made) - set(known):
            process.write_private(file, json.dumps({**made, **known}, indent=1))
        return cls(**{**made, **known})
