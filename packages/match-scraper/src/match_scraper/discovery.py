"""Which platform is there today, and which keys it names: the browser's job, or, without it, what was last known."""

from collections.abc import Sequence

from match_contract import Season
from match_scraper.settings import ReaderSettings
from match_scraper.values import BrowserMode, Discovery, FeedKey


async def discover(
    settings: ReaderSettings, *, season: Season, browser: BrowserMode = "always", last_known: Sequence[FeedKey] = ()
) -> Discovery:
    """Looks at mlssoccer.com. Raises SourceError where the browser fails and `browser` is `always`.

    `auto` then goes on with `last_known` and says so in `warnings`; `never` starts with it. Where nothing is known
    the keys follow the platform's own naming for that season.
    """
    raise NotImplementedError
