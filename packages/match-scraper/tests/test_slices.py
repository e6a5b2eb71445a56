"""A back-fill from the replica's modular11: filters by name, the pager obeyed, every row accounted for."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devstack.replica.handle import Replica
from match_contract import League, Match, Season, Status
from match_scraper import LandedFeed, Outcome, Reader, ReaderSettings, Reading, SourceError, Validators
from match_scraper.modular11.league import read_league, read_season
from match_scraper.modular11.names import AGES, key_of
from match_scraper.modular11.rankings import read_quality_of_play
from match_scraper.modular11.slices import find_slices, forget

SEASON = Season(2025)
NOW = datetime(2026, 10, 5, 14, tzinfo=UTC)


@pytest.fixture
def settings(replica: Replica, tmp_path: Path) -> ReaderSettings:
    return ReaderSettings(source_resolve=replica.resolve, source_ca=replica.ca, state_dir=tmp_path / "state")


async def northeast(settings: ReaderSettings, age: str = "U14") -> Reading:
    async with Reader(settings) as reader:
        (reading,) = await read_season(
            reader, SEASON, now=NOW, leagues=[League.HOMEGROWN], ages=[age], divisions=["Northeast"]
        )
    return reading


async def test_a_division_reads_whole_and_counts_every_row_once(replica: Replica, settings: ReaderSettings) -> None:
    reading = await northeast(settings)
    pages = [asked for asked in replica.requests() if asked["path"].endswith("get_matches")]
    assert reading.outcome is Outcome.READ
    assert not reading.rejected
    assert len(reading.matches) > 25
    assert len(pages) == -(-(len(reading.matches) + len(reading.skipped)) // 25)
    assert len({match.external_id for match in reading.matches}) == len(reading.matches)
    assert {(match.age_group, match.division) for match in reading.matches} == {("U14", "Northeast")}
    assert all(SEASON.first_day <= match.local_date <= SEASON.last_day for match in reading.matches)
    (bracket,) = reading.brackets
    assert bracket.external_id == "m11-2025-26-homegrown-u14-northeast"
    assert {row.team.name for row in bracket.teams} == {
        team.name for match in reading.matches for team in (match.home, match.away)
    }
    assert all("  " not in row.team.name and row.team.name.strip() == row.team.name for row in bracket.teams)


async def test_byes_and_unknown_opponents_are_left_out_and_counted(replica: Replica, settings: ReaderSettings) -> None:
    async with Reader(settings) as reader:
        (reading,) = await read_season(reader, SEASON, now=NOW, leagues=[League.HOMEGROWN])
    reasons = {skip.reason for skip in reading.skipped}
    assert {"bye", "opponent not known yet"} <= reasons
    assert all(any(reason in note for note in reading.notes) for reason in reasons)
    assert all(match.away.name.casefold() not in ("bye", "tbd") for match in reading.matches)


async def test_every_match_of_a_past_season_is_completed_or_without_a_published_score(
    settings: ReaderSettings, replica: Replica
) -> None:
    reading = await northeast(settings)
    assert {match.status for match in reading.matches} <= {Status.COMPLETED, Status.TBD}
    assert any((match.home_score, match.away_score) == (0, 0) for match in reading.matches)
    assert all(match.home_score is not None for match in reading.matches if match.status is Status.COMPLETED)


@pytest.mark.parametrize("rows", [0, 1, 25, 26, 60, 520])
async def test_as_many_rows_are_read_as_there_are(replica: Replica, settings: ReaderSettings, rows: int) -> None:
    replica.knobs(modular11_rows=rows)
    reading = await northeast(settings)
    assert reading.outcome is (Outcome.READ if rows else Outcome.EMPTY), reading.detail
    assert len(reading.matches) + len(reading.skipped) == rows
    assert not reading.rejected


async def test_an_overlap_between_pages_is_counted_and_harmless(replica: Replica, settings: ReaderSettings) -> None:
    whole = await northeast(settings)
    forget(settings.state_dir, SEASON)
    replica.knobs(modular11="overlap")
    reading = await northeast(settings)
    assert reading.matches == whole.matches
    assert any(skip.reason == "copy" for skip in reading.skipped)


@pytest.mark.parametrize(
    ("knob", "said"),
    [
        ("page-two-repeats-one", "repeats the matches"),
        ("error", "An error has occurred"),
        ("no-pager", "no pager"),
        ("short-page", "page 1 of 3 has 24 rows of 25"),
        ("lost-row", "24 rows are found on page 1 of 3 where 25 stand"),
    ],
)
async def test_what_cannot_be_all_of_it_is_refused(
    replica: Replica, settings: ReaderSettings, knob: str, said: str
) -> None:
    replica.knobs(modular11=knob)
    reading = await northeast(settings)
    assert (reading.outcome, reading.matches) == (Outcome.MALFORMED, [])
    assert said in reading.detail


async def test_a_slice_of_one_page_that_lost_its_only_row_is_not_an_empty_one(
    replica: Replica, settings: ReaderSettings
) -> None:
    replica.knobs(modular11="lost-row", modular11_rows=1)
    reading = await northeast(settings)
    assert reading.outcome is Outcome.MALFORMED
    assert "no row is found" in reading.detail


async def test_rows_of_another_division_or_age_or_cup_among_the_answers_are_left_out_and_counted(
    replica: Replica, settings: ReaderSettings
) -> None:
    whole = await northeast(settings)
    forget(settings.state_dir, SEASON)
    replica.knobs(modular11="mixed")
    mixed = await northeast(settings)
    assert (mixed.outcome, mixed.rejected) == (Outcome.READ, ())
    assert mixed.matches == whole.matches
    reasons = Counter(one.reason for one in mixed.skipped) - Counter(one.reason for one in whole.skipped)
    assert reasons == {"of another age or division than was asked for": 2, "MLS NEXT Cup: no table counts it": 1}


async def test_rows_of_another_slice_of_the_same_run_count_there_and_once(
    replica: Replica, settings: ReaderSettings
) -> None:
    async def every() -> Reading:
        async with Reader(settings) as reader:
            (reading,) = await read_season(reader, SEASON, now=NOW, leagues=[League.HOMEGROWN])
        return reading

    def known(reading: Reading) -> dict[str, Match]:
        return {match.external_id: match for match in reading.matches}

    whole = await every()
    forget(settings.state_dir, SEASON)
    replica.knobs(modular11="mixed")
    mixed = await every()
    assert (mixed.outcome, mixed.rejected) == (Outcome.READ, ())
    assert known(mixed) == known(whole)
    assert len(mixed.matches) == len(known(mixed))
    assert any(one.reason == "copy" for one in mixed.skipped)


async def test_divisions_are_found_by_name_whatever_their_numbers(replica: Replica, settings: ReaderSettings) -> None:
    whole = await northeast(settings)
    forget(settings.state_dir, SEASON)
    replica.knobs(modular11_renumber=1000)
    assert (await northeast(settings)).matches == whole.matches


async def test_an_unknown_division_is_named_with_those_there_are(replica: Replica, settings: ReaderSettings) -> None:
    async with Reader(settings) as reader:
        (reading,) = await read_season(reader, SEASON, now=NOW, leagues=[League.HOMEGROWN], divisions=["Moon"])
    assert reading.outcome is Outcome.NOT_PUBLISHED
    assert "'Moon'" in reading.detail
    assert "Northeast" in reading.detail


async def test_a_backfill_that_was_interrupted_goes_on_where_it_stopped(
    replica: Replica, settings: ReaderSettings
) -> None:
    async def both() -> Reading:
        async with Reader(settings) as reader:
            (reading,) = await read_season(
                reader, SEASON, now=NOW, leagues=[League.HOMEGROWN], ages=["U13", "U14"], divisions=["Northeast"]
            )
        return reading

    replica.knobs(fragments="403", only="get_matches")
    assert (await both()).outcome is Outcome.BLOCKED
    replica.knobs(reset=True)
    first = await northeast(settings, "U13")
    replica.forget_requests()
    resumed = await both()
    assert resumed.outcome is Outcome.READ
    assert {match.age_group for match in resumed.matches} == {"U13", "U14"}
    assert len(resumed.matches) > len(first.matches)
    assert all("age%5B%5D=22" in asked["query"] for asked in replica.requests() if "get_matches" in asked["path"])


async def test_the_same_rows_again_are_unchanged(replica: Replica, settings: ReaderSettings) -> None:
    first = await northeast(settings)
    forget(settings.state_dir, SEASON)
    known = {ref.path: Validators(sha256=ref.sha256) for ref in first.documents}
    async with Reader(settings) as reader:
        key = key_of(SEASON, League.HOMEGROWN, ["U14"], ["Northeast"])
        again = await read_league(reader, key, now=NOW, ages=["U14"], divisions=["Northeast"], validators=known)
    assert (again.outcome, again.matches) == (Outcome.UNCHANGED, [])


async def test_progress_is_told_slice_by_slice(replica: Replica, settings: ReaderSettings) -> None:
    told: list[tuple[int, int, str]] = []
    async with Reader(settings) as reader:
        await read_season(
            reader,
            SEASON,
            now=NOW,
            leagues=[League.ACADEMY],
            divisions=["New England"],
            ages=["U13", "U14"],
            progress=lambda done, total, name: told.append((done, total, name)),
        )
    assert told == [(0, 2, "U13 Academy New England"), (1, 2, "U14 Academy New England"), (2, 2, "Academy")]


async def test_the_page_offers_every_division_and_age(replica: Replica, settings: ReaderSettings) -> None:
    async with Reader(settings) as reader:
        slices = await find_slices(reader, League.ACADEMY, None, None)
    assert {piece.age for piece in slices} == set(AGES)
    assert len({piece.division for piece in slices}) == 20


async def test_quality_of_play_is_read_as_it_stands_and_changes_with_the_results(
    replica: Replica, settings: ReaderSettings
) -> None:
    async with Reader(settings) as reader:
        first = await read_quality_of_play(reader, League.HOMEGROWN, "U15")
        same = await read_quality_of_play(reader, League.HOMEGROWN, "U15")
        replica.today("2026-11-05")
        later = await read_quality_of_play(reader, League.HOMEGROWN, "U15")
        none = await read_quality_of_play(reader, League.ACADEMY, "U19")
    assert [row.rank for row in first] == list(range(1, len(first) + 1))
    assert first == same != later
    assert later
    assert none == ()


async def test_quality_of_play_that_cannot_be_read_is_refused_and_named(
    replica: Replica, settings: ReaderSettings
) -> None:
    replica.knobs(fragments="shell", only="get_teams")
    async with Reader(settings) as reader:
        with pytest.raises(SourceError, match="Quality of Play of U15 Homegrown") as refused:
            await read_quality_of_play(reader, League.HOMEGROWN, "U15")
    assert refused.value.outcome is Outcome.MALFORMED


async def test_a_slice_that_was_kept_for_longer_than_a_day_is_read_again(
    replica: Replica, settings: ReaderSettings
) -> None:
    first = await northeast(settings)
    replica.forget_requests()

    async def at(now: datetime) -> Reading:
        async with Reader(settings) as reader:
            (reading,) = await read_season(
                reader, SEASON, now=now, leagues=[League.HOMEGROWN], ages=["U14"], divisions=["Northeast"]
            )
        return reading

    soon = await at(NOW + timedelta(hours=23))
    assert soon.matches == first.matches, "what was read yesterday was observed yesterday"
    assert not [asked for asked in replica.requests() if "get_matches" in asked["path"]]
    later = await at(NOW + timedelta(hours=25))
    assert {match.observed_at for match in later.matches} == {NOW + timedelta(hours=25)}
    assert [asked for asked in replica.requests() if "get_matches" in asked["path"]]


async def test_a_season_of_which_more_than_a_fifth_is_gone_is_refused_until_it_is_accepted(
    replica: Replica, settings: ReaderSettings
) -> None:
    replica.knobs(modular11_rows=26)
    async with Reader(settings) as reader:

        async def read(accept_shrink: bool) -> Reading:
            return await read_league(
                reader,
                key_of(SEASON, League.HOMEGROWN, ["U14"], ["Northeast"]),
                now=NOW,
                ages=["U14"],
                divisions=["Northeast"],
                landed=LandedFeed(matches=56, scored=50),
                accept_shrink=accept_shrink,
            )

        refused, accepted = await read(False), await read(True)
    assert (refused.outcome, refused.matches) == (Outcome.SHRUNKEN, [])
    assert "--accept-shrink modular11-homegrown-25-26-u14-northeast" in refused.detail
    assert accepted.outcome is Outcome.READ


def test_a_part_of_a_season_has_a_key_of_its_own() -> None:
    whole, part = key_of(SEASON, League.HOMEGROWN), key_of(SEASON, League.HOMEGROWN, ["U14"], ["Northeast"])
    many = key_of(SEASON, League.HOMEGROWN, list(AGES), ["Southeast (Pro Player Pathway)", "Central", "West"])
    assert whole.key == "modular11-homegrown-25-26"
    assert part.key == "modular11-homegrown-25-26-u14-northeast"
    assert len({whole.key, part.key, many.key}) == 3
    assert len(many.key) <= 80
