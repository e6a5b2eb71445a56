"""What earlier versions left behind is taken as ever: outboxes, dead letters and receipts of schema 1.0 and 1.1.

The files in `messages` were written by the code of those versions.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest

from devstack.testing import Database
from match_contract import SCHEMA_VERSION, Counts, Receipt, Refusal, message_id
from match_contract.wire import TASK
from match_scraper_agent.outbox import Outbox
from missing_table.ingest import deliver

OLD = Path(__file__).parent / "messages"
EACH = pytest.mark.parametrize("version", ["1.0", "1.1"])
NORTHEAST, FLORIDA = Counts(inserted=2, rejected=1), Counts(inserted=1)


def rows(database: Database, query: str) -> list[Any]:
    with psycopg.connect(database.dsn) as connection:
        return connection.execute(query.encode()).fetchall()


@EACH
def test_an_old_outbox_lands_and_counts_each_match_under_its_own_target(
    version: str, database: Database, tmp_path: Path
) -> None:
    outbox = Outbox(Path(shutil.copytree(OLD / version / "outbox", tmp_path / "outbox")))
    messages = [message for _, message in outbox.waiting()]
    assert {message["schema_version"] for message in messages} == {version}
    assert version < SCHEMA_VERSION
    receipts = {str(message["kind"]): deliver(message, dsn=database.dsn) for message in messages}
    assert {kind: receipt.state for kind, receipt in receipts.items()} == dict.fromkeys(
        ("snapshot", "batch", "quality", "run_report"), "landed"
    )
    assert receipts["batch"].by_target == {"u14-hg-northeast": NORTHEAST, "u14-hg-florida": FLORIDA}
    assert rows(database, "select external_id, home_score, away_score from matches order by 1") == [
        ("26001", 2, 1),
        ("26002", None, None),
        ("26003", 0, 0),
    ]
    assert rows(database, "select external_id, target, state from ingest_rejections") == [
        ("26004", "u14-hg-northeast", "open")
    ]
    again = [deliver(message, dsn=database.dsn) for message in messages]
    assert {receipt.state for receipt in again} == {"replayed"}


@EACH
def test_an_old_dead_letter_lands(version: str, database: Database) -> None:
    letter = json.loads((OLD / version / "dead-letter.json").read_text())
    (message,), _, _ = letter["body"]
    assert (letter["headers"]["task"], letter["headers"]["id"]) == (TASK, message_id(message))
    assert deliver(message, dsn=database.dsn).by_target == {"u14-hg-northeast": NORTHEAST, "u14-hg-florida": FLORIDA}


@EACH
def test_an_old_receipt_keeps_its_sentence_beside_the_closed_word(version: str) -> None:
    receipt = Receipt.model_validate_json((OLD / version / "refused-receipt.json").read_text())
    assert receipt.reason is Refusal.SHRUNK
    assert receipt.detail.startswith("mls-next-league-26-27 has 5 matches, 8 when it last landed")
