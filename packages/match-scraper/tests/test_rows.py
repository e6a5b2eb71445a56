"""Single rows of modular11's HTML, by hand: each oddity that the site has been seen to have."""

from datetime import UTC, date, datetime, time

import msgspec
import pytest

from devstack.testing.modular11_fragments import fragment
from match_contract import League, Season, Status
from match_scraper.modular11.fragments import NotAFragment, Row, read_matches
from match_scraper.modular11.names import key_of
from match_scraper.modular11.rows import to_match, understand
from match_scraper.modular11.slices import Page, Slice
from match_scraper.outcomes import Outcome
from match_scraper.values import FeedKey, Reading

KEY = FeedKey("modular11-homegrown-25-26", League.HOMEGROWN, Season(2025))
NOW = datetime(2026, 1, 5, 14, tzinfo=UTC)


def row(**parts: str) -> Row:
    page = read_matches(fragment(**parts))
    assert not page.bad, page.bad
    (only,) = page.rows
    return only


def test_a_match_that_stands_twice_is_one_row() -> None:
    page = read_matches(fragment())
    assert (len(page.rows), page.seen, page.page, page.pages) == (1, 1, 1, 5)
    read = page.rows[0]
    assert (read.number, read.gender, read.age, read.competition, read.division) == (
        "100123", "MALE", "U14", "League", "Northeast",
    )  # fmt: skip
    assert (read.home, read.away, read.venue) == ("Harbor FC", "Quarry SC (North)", "Field 2 - Riverside Park Complex")
    assert (read.day, read.clock, read.score, read.shootout) == (date(2025, 10, 18), time(9, 30), (2, 1), None)


@pytest.mark.parametrize(
    ("when", "day", "clock"),
    [
        ("10/18/25 09:30am", date(2025, 10, 18), time(9, 30)),
        ("10/18/2025 09:30pm", date(2025, 10, 18), time(21, 30)),
        ("10/18/25 12:00am", date(2025, 10, 18), None),
        ("10/18/25 12:00pm", date(2025, 10, 18), time(12)),
    ],
)
def test_dates_have_two_or_four_digits_of_year_and_midnight_is_no_time(
    when: str, day: date, clock: time | None
) -> None:
    read = row(when=when)
    assert (read.day, read.clock) == (day, clock)


@pytest.mark.parametrize(
    ("score", "goals", "shootout"),
    [
        ("2&nbsp:&nbsp1", (2, 1), None),
        ("0 : 0", (0, 0), None),
        ("TBD", None, None),
        ("1 : 1<br>(4 : 3)", (1, 1), (4, 3)),
        ("1&nbsp:&nbsp1<br>(4&nbsp:&nbsp3)", (1, 1), (4, 3)),
        ("10&nbsp;:&nbsp;0", (10, 0), None),
    ],
)
def test_scores_and_shootouts(score: str, goals: tuple[int, int] | None, shootout: tuple[int, int] | None) -> None:
    read = row(score=score)
    assert (read.score, read.shootout) == (goals, shootout)


def test_names_are_whole_unescaped_and_without_spare_spaces() -> None:
    read = row(home="St. John&#039;s  FC ", away="Quarry &amp; Sons (North) ")
    assert (read.home, read.away) == ("St. John's FC", "Quarry & Sons (North)")


def test_the_crest_names_the_club() -> None:
    assert row(crest='<img src="https://www.modular11.com/uploads/academy/901/crest.png">').home_club == "901"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"when": "soon"}, "the date"),
        ({"when": "13/45/25 09:30am"}, "does not match format"),
        ({"score": "3"}, "the score"),
        ({"age": "Seniors"}, "the age"),
    ],
)
def test_a_row_that_cannot_be_read_is_handed_back_with_its_problem(parts: dict[str, str], said: str) -> None:
    page = read_matches(fragment(**parts))
    assert (page.rows, page.seen) == ((), 1)
    assert page.bad[0].number == "100123"
    assert said in page.bad[0].problem


def test_no_data_is_an_empty_page() -> None:
    assert read_matches('<div><p class="text-center">No data available.</p></div>').seen == 0


def test_a_red_error_fragment_is_no_page() -> None:
    with pytest.raises(NotAFragment, match="The status is invalid"):
        read_matches('<div class="alert" style="color:red">The status is invalid.</div>')


@pytest.mark.parametrize(
    ("when", "score", "status"),
    [
        ("10/18/25 09:30am", "2 : 1", Status.COMPLETED),
        ("10/18/25 09:30am", "TBD", Status.TBD),
        ("01/05/26 09:30am", "TBD", Status.SCHEDULED),
        ("03/18/26 09:30am", "TBD", Status.SCHEDULED),
        ("03/18/26 09:30am", "2 : 1", Status.SCHEDULED),
    ],
)
def test_the_status_follows_from_date_and_score(when: str, score: str, status: Status) -> None:
    match = to_match(row(when=when, score=score), KEY, NOW)
    assert match.status is status
    assert (match.home_score is not None) is (status is Status.COMPLETED)


def test_a_time_without_a_zone_is_not_kept_and_the_date_is() -> None:
    match = to_match(row(), KEY, NOW)
    assert (match.kick_off, match.time_set, match.local_date) == (None, False, date(2025, 10, 18))


def test_a_clubs_academy_team_is_another_team_than_its_homegrown_one_though_both_are_printed_alike() -> None:
    academy = to_match(row(), key_of(KEY.season, League.ACADEMY), NOW)
    homegrown = to_match(row(), key_of(KEY.season, League.HOMEGROWN), NOW)
    assert academy.home.name == homegrown.home.name
    assert (homegrown.home.age_label, academy.home.age_label) == ("U14", "U14 AD")
    assert (academy.away.age_label, academy.age_group) == ("U14 AD", "U14")


def understood(*rows: Row, counted: int | None = None, key: FeedKey = KEY) -> Reading:
    """The reading of a league whose only slice is U14 Northeast, with these rows."""
    piece = Slice(League.HOMEGROWN, "U14", "Northeast", "22", "41")
    page = Page(list(rows), [], 0, 1, len(rows) if counted is None else counted, NOW)
    return understand(Reading(key, Outcome.UNREACHABLE, ""), [(piece, page)], NOW)


def many(count: int) -> list[Row]:
    """So many sound rows."""
    return [msgspec.structs.replace(row(), number=str(number)) for number in range(1, count + 1)]


@pytest.mark.parametrize("competition", ["Playoffs", "MLS NEXT Cup", "MLS NEXT FLEX"])
def test_a_row_of_another_competition_is_left_out_and_counted(competition: str) -> None:
    reading = understood(row(competition=competition), *many(1))
    assert ([match.external_id for match in reading.matches], reading.rejected) == (["1"], ())
    assert len(reading.skipped) == 1
    assert "no table" in reading.skipped[0].reason


@pytest.mark.parametrize("competition", ["League", "league", "League (Pro Player Pathway)"])
def test_a_row_of_the_league_is_a_match(competition: str) -> None:
    assert len(understood(row(competition=competition)).matches) == 1


@pytest.mark.parametrize(
    ("parts", "reason", "said"),
    [
        ({"competition": "League Cup"}, "unknown_competition", "'League Cup'"),
        ({"gender": "FEMALE"}, "outside_request", "'FEMALE'"),
        ({"when": "10/18/24 09:30am"}, "outside_request", "2024-10-18"),
        ({"age": "U18"}, "outside_request", "no U18 Northeast"),
        ({"division": "Moon"}, "outside_request", "no U14 Moon"),
    ],
)
def test_a_row_that_is_none_of_what_was_asked_for_is_never_relabelled(
    parts: dict[str, str], reason: str, said: str
) -> None:
    reading = understood(row(**parts), *many(150))
    assert [match.external_id for match in reading.matches] == [str(number) for number in range(1, 151)]
    (rejected,) = reading.rejected
    assert (rejected.external_id, rejected.reason) == ("100123", reason)
    assert said in rejected.detail


@pytest.mark.parametrize("parts", [{"age": "U13"}, {"division": "Florida"}])
def test_a_row_of_another_slice_is_left_out_where_a_part_of_the_league_was_asked_for(parts: dict[str, str]) -> None:
    reading = understood(row(**parts), *many(1), key=key_of(KEY.season, KEY.league, ["U14"], ["Northeast"]))
    assert ([match.external_id for match in reading.matches], reading.rejected) == (["1"], ())
    assert [one.reason for one in reading.skipped] == ["of another age or division than was asked for"]


def test_a_row_that_stood_on_a_page_and_is_nowhere_accounted_for_is_a_fault() -> None:
    reading = understood(*many(3), counted=4)
    assert (reading.outcome, reading.matches) == (Outcome.MALFORMED, [])
    assert "4 rows were seen and 3 accounted for" in reading.detail


@pytest.mark.parametrize(("bad", "outcome"), [(30, Outcome.READ), (40, Outcome.MALFORMED)])
def test_a_league_of_which_a_fifth_cannot_be_read_is_refused_whole(bad: int, outcome: Outcome) -> None:
    broken = [msgspec.structs.replace(row(gender="FEMALE"), number=str(9_000 + number)) for number in range(bad)]
    reading = understood(*many(150), *broken)
    assert reading.outcome is outcome
    assert len(reading.matches) == (150 if outcome is Outcome.READ else 0)
    assert len(reading.rejected) == bad
    assert ("'FEMALE'" in reading.detail) is (outcome is Outcome.MALFORMED)


def test_a_league_whose_competition_has_another_name_now_is_refused_whole() -> None:
    reading = understood(*(msgspec.structs.replace(one, competition="MLS NEXT Season") for one in many(20)))
    assert (reading.outcome, reading.matches) == (Outcome.MALFORMED, [])
    assert "'MLS NEXT Season'" in reading.detail
