"""Every kind of message has an id of its own, a model and a schema in docs."""

from typing import get_args

import pytest

from match_contract import FeedSnapshot, MatchBatch, MessageKind, QualitySnapshot, RunReport, kind_of, message_id
from match_contract.messages import MESSAGES

MODELS = (FeedSnapshot, MatchBatch, QualitySnapshot, RunReport)


def test_each_kind_has_one_model_that_carries_its_id() -> None:
    kinds = {get_args(model.model_fields["kind"].annotation)[0]: model for model in MODELS}
    assert set(kinds) == set(MessageKind)
    assert set(MESSAGES) == set(MODELS)
    for kind, model in kinds.items():
        assert model.model_fields[kind.id_field].is_required()


def test_a_message_is_known_by_the_id_of_its_own_kind() -> None:
    ids = {"run_id": "r", "snapshot_id": "s", "batch_id": "b", "quality_id": "q"}
    assert [message_id({"kind": kind, **ids}) for kind in MessageKind] == ["s", "b", "q", "r"]


@pytest.mark.parametrize("named", [None, 3, "", "Batch", ["batch"]])
def test_what_names_no_kind_of_ours_has_none(named: object) -> None:
    assert kind_of({"kind": named}) is None
    with pytest.raises(ValueError, match="MessageKind"):
        message_id({"kind": named, "batch_id": "b"})
