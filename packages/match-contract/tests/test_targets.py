"""Which target wants which match: written by positions, read also as each match once said it itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from match_contract import positions_by_target, wanted_by


@given(st.lists(st.text(max_size=20), max_size=50))
def test_what_is_written_by_positions_reads_back_match_by_match(names: list[str]) -> None:
    assert wanted_by({"matches": [{}] * len(names), "targets": positions_by_target(names)}) == names


def test_until_1_1_each_match_named_its_own_target() -> None:
    assert wanted_by({"matches": [{"target": "a"}, {"target": 3}, "no match", {}]}) == ["a", "", "", ""]


@pytest.mark.parametrize("odd", [None, [], {"a": None}, {"a": [-1, 2, "0", True, None]}, {"": [0]}])
def test_targets_that_are_none_cost_no_match(odd: object) -> None:
    assert wanted_by({"matches": [{}, {}], "targets": odd}) == ["", ""]


def test_the_first_target_that_lists_a_match_counts_it() -> None:
    assert wanted_by({"matches": [{}, {}], "targets": {"a": [0], "b": [0, 1]}}) == ["a", "b"]
