"""Which platform carries which season."""

import pytest

from match_contract import League, Season, Source, source_of


def test_every_season_is_on_one_platform_and_the_move_came_in_2026() -> None:
    for year in range(2015, 2060):
        assert [source for source in Source if source.carries(Season(year))] == [source_of(Season(year))]
    assert source_of(Season(2025)) is Source.MODULAR11
    assert source_of(Season(2026)) is Source.ASSIST


@pytest.mark.parametrize(
    ("source", "span", "is_past"),
    [(Source.ASSIST, "from 2026-27 on", False), (Source.MODULAR11, "up to 2025-26", True)],
)
def test_a_platform_says_which_seasons_it_has(source: Source, span: str, is_past: bool) -> None:
    assert (source.span, source.is_past) == (span, is_past)
    assert League.HOMEGROWN in source.leagues
