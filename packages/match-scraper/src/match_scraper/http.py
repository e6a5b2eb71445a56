"""One polite HTTP client: robots.txt, a User-Agent with a contact, Retry-After, bytes streamed, one at a time."""

from types import TracebackType
from typing import Self

from match_scraper.settings import ReaderSettings


class Reader:
    """Connections to the source for the length of one run; use it with `async with`."""

    def __init__(self, settings: ReaderSettings) -> None:
        self.settings = settings

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends all connections."""
