"""Small documents in the viewer's format, made by hand for one quirk at a time. Invented names only."""

import json
from typing import Any

from match_contract import League, Season
from match_scraper.assist.documents import parse
from match_scraper.assist.keys import usual_keys
from match_scraper.assist.matches import understand
from match_scraper.values import FeedKey, Reading

SYNCED = "2026-10-05T13:40:03Z"
KEY = FeedKey("mls-next-league-26-27", League.HOMEGROWN, Season(2026))
LEAGUE = {"id": 1605, "name": "League"}
PATHWAY = {"id": 1606, "name": "League (Pro Player Pathway)"}


def event(number: int = 1, home: Any = 10, away: Any = 11, **changes: Any) -> dict[str, Any]:
    """A match that was played on Saturday 3 October 2026 at 11:00 in New York, 2-1."""
    return {
        "id": 5_000_000 + number,
        "game_key": str(number),
        "start_time": "2026-10-03T15:00:00Z",
        "local_timezone": "America/New_York",
        "home_squad_id": home,
        "away_squad_id": away,
        "home_squad_name": "U15",
        "away_squad_name": "U15",
        "home_organisation": {"id": 900 + hash(home) % 100, "name": f"Club {home}", "logo_full_path": None},
        "away_organisation": {"id": 900 + hash(away) % 100, "name": f"Club {away}", "logo_full_path": None},
        "competition": LEAGUE,
        "competition_bracket_id": None,
        "completed": True,
        "home_score": 2,
        "away_score": 1,
        "home_penalty_shootout_score": None,
        "away_penalty_shootout_score": None,
        "event_location": {"id": 7, "name": "North Field"},
        "division": {"id": 2, "name": "MLS Next"},
        "round_number": None,
        **changes,
    }


def bracket(
    number: int = 100, name: str = "Northeast", age: str = "U15", squads: tuple[Any, ...] = (10, 11), **changes: Any
) -> dict[str, Any]:
    """A table with official values for these squads."""
    values = {"points_penalty_shootout": {"value": "3"}, "matches_played": {"value": "1"}}
    return {
        "id": number,
        "name": name,
        "gender": "male",
        "age_group": {"id": 38, "name": age},
        "standings": [
            {
                "position": position,
                "tiebreaker_values": values,
                "team": {"organisation_id": 900, "squad_id": squad, "name": f"Club {squad}", "logo_url": None},
            }
            for position, squad in enumerate(squads, 1)
        ],
        **changes,
    }


def schedule(*events: Any, **changes: Any) -> bytes:
    return json.dumps({"synced_at": SYNCED, "linked_competition_seasons": [], "events": events, **changes}).encode()


def standings(*brackets: Any, **changes: Any) -> bytes:
    season = {"name": "League 26/27", "key": KEY.key, "tiebreakers": [], "competition_brackets": brackets}
    content = {"synced_at": SYNCED, "linked_competition_seasons": [], "competition_season": season, **changes}
    return json.dumps(content).encode()


KEYS = {key.league: key for key in usual_keys(Season(2026))}


def understood(
    events: list[dict[str, Any]],
    brackets: list[dict[str, Any]] | None = None,
    league: League = League.HOMEGROWN,
) -> Reading:
    """What both documents mean together."""
    body = schedule(*events)
    return understand(parse(body, standings(*(brackets or [bracket()]))), body, KEYS[league])


def only(**changes: Any) -> Any:
    """The one match of a document in which it is changed like this."""
    content = understood([event(**changes)])
    assert not content.rejected, content.rejected
    return content.matches[0]
