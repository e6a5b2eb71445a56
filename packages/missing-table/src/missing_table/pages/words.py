"""The words of a page's head and first view: the sentences of frontend/src/text/en (a page test compares them)."""

from datetime import date

NAME = "Missing Table"
NOT_FOUND = ("Nothing here", "There is no page at this address.")
FIXED = {
    "/": (
        "MLS NEXT tables and fixtures, and how fresh they are",
        "Tables, fixtures and results of MLS NEXT youth soccer, quick to read on a phone, with the time of their last "
        "reading.",
        "Find a table",
    ),
    "/insights": (
        "Insights of the weekend",
        "Who climbed, who fell, the upsets and the streaks of the weekend in MLS NEXT youth soccer.",
        "Insights of the weekend",
    ),
    "/search": (
        "Search teams and clubs",
        "Find a team, a club or a division of MLS NEXT by name.",
        "Search teams and clubs",
    ),
    "/status": (
        "Status: how fresh the data is",
        "When each MLS NEXT competition was last read, and what the last run did.",
        "How fresh is it?",
    ),
    "/about": (
        "About: how these tables are made",
        "Where the data comes from, how MLS NEXT tables are ordered, what is computed here and what is official.",
        "How these tables are made",
    ),
}
"""Title, description and heading of the pages that are always there."""


def count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def long_date(day: date) -> str:
    """As browsers write it in American English."""
    return f"{day:%A, %B} {day.day}, {day.year}"


def bracket_title(age_group: str, division: str, league: str, season: str) -> str:
    return f"{age_group} {division} table · MLS NEXT {league} {season}"


def bracket_description(age_group: str, division: str, league: str, teams: int) -> str:
    return (
        f"{age_group} {division}, MLS NEXT {league}: table of {count(teams, 'team', 'teams')} by points per match, "
        "results and fixtures by weekend."
    )


def what_if_title(age_group: str, division: str, league: str, season: str) -> str:
    return f"What if? {age_group} {division} · MLS NEXT {league} {season}"


def what_if_description(age_group: str, division: str, league: str) -> str:
    return (
        f"Type scores for the matches to come and see how the {age_group} {division} table (MLS NEXT {league}) would "
        "move. Share it with a link."
    )


def team_title(name: str, age_group: str) -> str:
    return f"{name} {age_group}: next match, results, fixtures"


def team_description(name: str, age_group: str, league: str) -> str:
    return (
        f"{name} {age_group}, MLS NEXT {league}: next match with time and place, last results, all fixtures and "
        "position in the table."
    )


def club_title(name: str) -> str:
    return f"{name}: teams and next matches"


def club_description(name: str) -> str:
    return f"All MLS NEXT teams of {name} with their positions and next matches."


def match_title(home: str, away: str, day: date) -> str:
    return f"{home} v {away}, {long_date(day)}"


def match_description(home: str, away: str, day: date, venue: str | None) -> str:
    return f"{home} against {away} on {long_date(day)}{f', {venue}' if venue else ''}: time, place and result."
