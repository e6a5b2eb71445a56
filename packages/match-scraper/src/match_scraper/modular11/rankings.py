"""Read the Quality of Play tables of modular11."""

from match_contract import League
from match_scraper.http import Query, Reader
from match_scraper.modular11.fragments import NotAFragment, read_quality
from match_scraper.modular11.names import AGES, ASYNCHRONOUS, TOURNAMENTS
from match_scraper.outcomes import Outcome, SourceError
from match_scraper.values import Quality


async def read_quality_of_play(reader: Reader, league: League, age: str) -> tuple[Quality, ...]:
    """The Quality of Play tables of a league's age as they stand now, empty where there are none. Raises SourceError.

    The answer names no season: it is of the one that is played when it is asked for.
    """
    tournament, list_type, _ = TOURNAMENTS[league]
    params: Query = [
        ("tournament_type", "league"),
        ("UID_age", AGES[age]),
        ("UID_gender", 0),
        ("UID_event", tournament),
        ("list_type", list_type),
    ]
    url = f"{reader.settings.modular11_url.rstrip('/')}/public_schedule/league/get_teams"
    answer = await reader.get(url, headers=ASYNCHRONOUS, params=params)
    try:
        return read_quality(answer.body.decode("utf-8", "replace"))
    except NotAFragment as error:
        told = f"Quality of Play of {age} {league}: {error}: nothing of it is taken"
        raise SourceError(Outcome.MALFORMED, told) from error
