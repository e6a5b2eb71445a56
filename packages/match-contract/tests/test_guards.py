"""When a document holds too little to be believed."""

import pytest

from match_contract import Held, shrank


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (Held(100, 50), Held(80, 50), None),
        (Held(100, 50), Held(79, 50), "79 matches where 100 landed before"),
        (Held(100, 50), Held(100, 40), None),
        (Held(100, 50), Held(100, 39), "39 scores where 50 landed before"),
        (Held(100, 5), Held(100, 0), None),
        (Held(0, 0), Held(0, 0), None),
        (Held(1200, 0), Held(0, 0), "0 matches where 1,200 landed before"),
    ],
)
def test_a_drop_of_more_than_a_fifth_is_refused_and_names_the_way_out(
    before: Held, now: Held, told: str | None
) -> None:
    said = shrank("mls-next-league-26-27", before, now)
    if told is None:
        assert said is None
    else:
        assert said is not None
        assert told in said
        assert "run with --accept-shrink mls-next-league-26-27" in said
