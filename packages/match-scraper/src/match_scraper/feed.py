"""One feed read over HTTP: conditional requests, named outcomes, the shrink guard. What the bytes mean: `assist`."""

from collections.abc import Mapping

from match_scraper.http import Reader
from match_scraper.values import FeedKey, LandedFeed, Reading, Validators


def document_paths(key: str) -> tuple[str, str]:
    """Addresses below the viewer of a key's schedule and standings: what `DocumentRef.path` and validators go by."""
    return f"/data/schedule/{key}.json", f"/data/standings/{key}.json"


async def read_feed(
    reader: Reader,
    key: FeedKey,
    *,
    viewer_url: str,
    validators: Mapping[str, Validators],
    landed: LandedFeed | None = None,
    accept_shrink: bool = False,
) -> Reading:
    """Reads both documents of a key: both unchanged, or both in full, since the join needs both.

    `validators` by document path, empty for an unconditional read. Raises nothing that the source can cause.
    """
    raise NotImplementedError
