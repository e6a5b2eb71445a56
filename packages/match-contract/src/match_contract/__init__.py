"""The message: what the reader and the database say to each other. Models and season maths; no I/O of any kind.

Two sides use it: match_scraper and its agent write these messages, missing_table's ingest reads them.
The JSON Schemas in docs/messages are written from here (`python -m match_contract.schema docs/messages`).
"""

from match_contract.identity import batch_id_of, content_hash
from match_contract.messages import (
    MAX_MATCHES_PER_BATCH,
    SCHEMA_VERSION,
    BracketStandings,
    Counts,
    DocumentRef,
    FeedSnapshot,
    MatchBatch,
    Message,
    QualityRow,
    QualitySnapshot,
    QualityTable,
    Receipt,
    Rejection,
    RunReport,
    StandingsRow,
    TargetReport,
    Unreadable,
    UnreadMatch,
    accepts_version,
    parse_message,
)
from match_contract.models import Bracket, League, Match, Score, Source, Status, TeamRef, Venue
from match_contract.season import Season, season_of

__all__ = [
    "MAX_MATCHES_PER_BATCH",
    "SCHEMA_VERSION",
    "Bracket",
    "BracketStandings",
    "Counts",
    "DocumentRef",
    "FeedSnapshot",
    "League",
    "Match",
    "MatchBatch",
    "Message",
    "QualityRow",
    "QualitySnapshot",
    "QualityTable",
    "Receipt",
    "Rejection",
    "RunReport",
    "Score",
    "Season",
    "Source",
    "StandingsRow",
    "Status",
    "TargetReport",
    "TeamRef",
    "UnreadMatch",
    "Unreadable",
    "Venue",
    "accepts_version",
    "batch_id_of",
    "content_hash",
    "parse_message",
    "season_of",
]
