"""Writes the JSON Schemas of the messages: `python -m match_contract.schema docs/messages`."""

import json
import sys
from pathlib import Path

from pydantic import BaseModel

from match_contract.messages import FeedSnapshot, MatchBatch, QualitySnapshot, Receipt, RunReport

MESSAGES: dict[str, type[BaseModel]] = {
    "feed-snapshot": FeedSnapshot,
    "match-batch": MatchBatch,
    "quality-snapshot": QualitySnapshot,
    "run-report": RunReport,
    "receipt": Receipt,
}


def schemas() -> dict[str, str]:
    """File name to its text."""
    return {
        f"{name}.schema.json": json.dumps(model.model_json_schema(), indent=2, sort_keys=True) + "\n"
        for name, model in MESSAGES.items()
    }


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
