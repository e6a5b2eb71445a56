"""Obey robots.txt as RFC 9309 has it: what a host allows, how fast, and the copy of it that is kept for a day."""

import re
import time
from pathlib import Path

import httpx
import structlog
from protego import Protego

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

KEEP_S = 24 * 3600
"""RFC 9309, 2.4: a copy of robots.txt is not used for longer than a day."""
MOST_CHARACTERS = 500 * 1024
"""RFC 9309, 2.5: at least so much of it is read."""
TOKEN = re.compile(r"[A-Za-z_-]+")
MARK = "\ufeff"


class Rules:
    """What a robots.txt says to us. A group is ours by the product token alone, never by other words of User-Agent."""

    def __init__(self, text: str, user_agent: str) -> None:
        token = TOKEN.match(user_agent)
        self._agent = token[0] if token else "*"
        # the parser takes a byte order mark for a part of the first line, and so loses the first group
        self._rules = Protego.parse(text.removeprefix(MARK)[:MOST_CHARACTERS])

    def allows(self, url: str) -> bool:
        """Return True where an address may be read."""
        return bool(self._rules.can_fetch(url, self._agent))

    @property
    def delay_s(self) -> float:
        """Return the seconds that the host wants between two requests; 0 where it says none."""
        return float(self._rules.crawl_delay(self._agent) or 0)


class Copies:
    """The copies of what hosts said, one file a host and port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _file(self, address: httpx.URL) -> Path:
        port = f"_{address.port}" if address.port else ""
        return self._folder / f"{address.host}{port}.txt"

    def fresh(self, address: httpx.URL) -> str | None:
        """Return a copy that is younger than a day, else None."""
        file = self._file(address)
        try:
            age_s = time.time() - file.stat().st_mtime
            return file.read_text(encoding="utf-8") if 0 <= age_s < KEEP_S else None
        except (FileNotFoundError, UnicodeDecodeError):
            return None

    def older(self, address: httpx.URL) -> str | None:
        """Return a copy of any age, None where there is none."""
        try:
            return self._file(address).read_text(encoding="utf-8")
        except (FileNotFoundError, UnicodeDecodeError):
            return None

    def keep(self, address: httpx.URL, text: str) -> None:
        """Keep a text for the next run; a folder that cannot be written is said in the log and does no harm."""
        file = self._file(address)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            log.warning("robots.not_kept", file=str(file), error=str(error))
