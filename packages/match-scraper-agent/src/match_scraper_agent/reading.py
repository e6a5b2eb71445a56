"""Adapts the reader (match_scraper) to what the agent needs of a source. Shapes only: reading is the reader's work."""

from match_scraper_agent.settings import Settings, SettingsError
from match_scraper_agent.source import SourceOfMatches


def open_source(settings: Settings, name: str) -> SourceOfMatches:
    """The reader of platform `name`, as the settings want it."""
    raise SettingsError(f"the reader of {name} for {settings.source_url} has not landed yet")
