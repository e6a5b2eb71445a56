"""Call the agent's command line as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = str(Path(sys.executable).parent / "match-scraper-agent")


def agent(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Return what `match-scraper-agent ARGUMENTS` printed, without what this machine's person set for it."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AGENT_", "AMQP_"))}
    return subprocess.run(
        [PROGRAM, *arguments],
        env={**kept, "AGENT_API_URL": "http://127.0.0.1:1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
