"""Name the fields of a match that people lock and that its history tells of."""

from enum import StrEnum


class LockedField(StrEnum):
    """A field that a person can correct and so lock against the source. `match_locks.field` holds the same words."""

    SCORE = "score"
    KICK_OFF = "kick_off"
    VENUE = "venue"
    STATUS = "status"
    TEAMS = "teams"


class ChangedField(StrEnum):
    """A field of which the history of a match tells (`match_changes.field`): the locked ones and the quiet ones."""

    SCORE = "score"
    KICK_OFF = "kick_off"
    VENUE = "venue"
    STATUS = "status"
    TEAMS = "teams"
    EVENT_ID = "event_id"
    LEAGUE = "league"
    AGE_GROUP = "age_group"
    DIVISION = "division"
    COMPETITION = "competition"
    ROUND = "round"
    BRACKETS = "brackets"
