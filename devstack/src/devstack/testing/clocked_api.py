"""Serve the API with a clock in a test's hand.

`python -m devstack.testing.clocked_api PORT FILE`, where FILE holds a moment, or nothing.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from missing_table.server.app import create_app
from missing_table.settings import Settings


class Clocked(Settings):
    """Settings whose present is what stands in the file."""

    def now(self) -> datetime:
        text = Path(sys.argv[2]).read_text()
        return datetime.fromisoformat(text) if text else datetime.now(UTC)


if __name__ == "__main__":
    uvicorn.run(create_app(Clocked()), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
