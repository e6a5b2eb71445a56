"""Hold what the reader, the agent, the database and the API agree on. Models and season maths; no I/O of any kind.

Each agreement stands here once: messages (`messages`, `kinds`, `targets`), platforms (`sources`), fields of a match
(`fields`), the shrink rule (`guards`), what the agent asks of the API (`knowledge`), names on the broker (`wire`).
The JSON Schemas in docs/messages are written from here (`python -m match_contract.schema docs/messages`).
"""

from match_contract.fields import ChangedField, LockedField
from match_contract.guards import FEW_SCORES, KEPT_SHARE, Held, shrank
from match_contract.identity import batch_id_of, content_hash
from match_contract.kinds import MessageKind, kind_of, message_id
from match_contract.knowledge import (
    BracketSummary,
    CompetitionFreshness,
    Freshness,
    MatchSummary,
    OfficialCheck,
    RuleCheck,
    RunSummary,
    SourceDocument,
    SourceState,
)
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
    Refusal,
    Rejection,
    RunReport,
    StandingsRow,
    TargetReport,
    Unreadable,
    UnreadMatch,
    accepts_version,
    parse_message,
    told_apart,
)
from match_contract.models import Bracket, Match, Score, Status, TeamRef, Venue
from match_contract.season import Season, moment_of, season_of
from match_contract.sources import League, Source, source_of
from match_contract.targets import positions_by_target, wanted_by

__all__ = [
    "FEW_SCORES",
    "KEPT_SHARE",
    "MAX_MATCHES_PER_BATCH",
    "SCHEMA_VERSION",
    "Bracket",
    "BracketStandings",
    "BracketSummary",
    "ChangedField",
    "CompetitionFreshness",
    "Counts",
    "DocumentRef",
    "FeedSnapshot",
    "Freshness",
    "Held",
    "League",
    "LockedField",
    "Match",
    "MatchBatch",
    "MatchSummary",
    "Message",
    "MessageKind",
    "OfficialCheck",
    "QualityRow",
    "QualitySnapshot",
    "QualityTable",
    "Receipt",
    "Refusal",
    "Rejection",
    "RuleCheck",
    "RunReport",
    "RunSummary",
    "Score",
    "Season",
    "Source",
    "SourceDocument",
    "SourceState",
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
    "kind_of",
    "message_id",
    "moment_of",
    "parse_message",
    "positions_by_target",
    "season_of",
    "shrank",
    "source_of",
    "told_apart",
    "wanted_by",
]
