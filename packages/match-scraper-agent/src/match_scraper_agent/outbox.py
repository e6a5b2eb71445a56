"""Keep on disk what no broker has confirmed, so that it is sent first next time, under the same id."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog

from match_contract import message_id
from match_scraper_agent.broker import Payload, Undelivered, said

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Outbox:
    """Messages on disk that no courier has confirmed, oldest first. A file is whole or absent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, message: Payload) -> Path:
        """Writes one message; raises Undelivered where the disk does not take it."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        file = self.folder / f"{stamp}-{message['kind']}-{message_id(message)}.json"
        part = file.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for older in self.folder.glob(f"*-{message_id(message)}.json"):
                return older
            part.write_text(json.dumps(message, separators=(",", ":")), encoding="utf-8")
            part.replace(file)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise Undelivered(
                f"the outbox {self.folder} does not take the message ({said(error)}): free the disk and run again; "
                "the source is read again from the start then"
            ) from error
        return file

    def waiting(self) -> Iterator[tuple[Path, Payload]]:
        """The messages that wait, oldest first. A file that is not a message is set aside, and said."""
        for file in self.files():
            try:
                message: Payload = json.loads(file.read_text(encoding="utf-8"))
                message_id(message)
            except (ValueError, KeyError, TypeError) as error:
                aside = file.with_suffix(".unreadable")
                file.rename(aside)
                log.error("outbox.unreadable", file=str(aside), error=said(error))
                continue
            yield file, message

    def files(self) -> list[Path]:
        """The files that wait, oldest first."""
        return sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []

    def set_aside(self, file: Path) -> Path:
        """Takes a message out of the way that the broker will never take: it is kept to be looked at."""
        return file.rename(file.with_suffix(".refused"))

    def aside(self) -> list[Path]:
        """What nobody sends any more: refused by the broker, or not to be read."""
        return sorted(file for kind in ("refused", "unreadable") for file in self.folder.glob(f"*.{kind}"))
