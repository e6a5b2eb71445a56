"""modular11 as the replica plays it: filters, fragments, pager, and every way in which it is known to mislead."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup, Tag

from devstack.replica import Replica
from devstack.replica.certificate import MODULAR11, SITE

PAGE = f"https://{MODULAR11}/league-schedule/homegrown-division"
ANSWER = f"https://{MODULAR11}/public_schedule/league/get_matches"
QUALITY = f"https://{MODULAR11}/public_schedule/league/get_teams"
SEASON: dict[str, Any] = {
    "tournament": 12,
    "status": "all",
    "match_type": 2,
    "start_date": "2025-08-01 00:00:00",
    "end_date": "2026-07-31 23:59:59",
}


def ask(replica: Replica, page: int = 1, **changes: Any) -> str:
    query = urlencode({**SEASON, "open_page": page, **changes}, doseq=True)
    answer = replica.get(f"{ANSWER}?{query}", X_Requested_With="XMLHttpRequest")
    assert answer.status_code == 200
    return answer.text


def rows(html: str) -> list[Tag]:
    return BeautifulSoup(html, "html.parser").select(".container-row > .hidden-xs")


def numbers(html: str) -> list[str]:
    return [str(row.select_one(".col-sm-1.pad-0").get_text()).split()[0] for row in rows(html)]  # type: ignore[union-attr]


def pages(html: str) -> int:
    told = re.search(r"(\d+) page out of (\d+)", html)
    assert told
    return int(told[2])


def everything(replica: Replica, **changes: Any) -> list[str]:
    first = ask(replica, **changes)
    return [number for page in range(1, pages(first) + 1) for number in numbers(ask(replica, page, **changes))]


def group_ids(replica: Replica) -> dict[str, str]:
    options = BeautifulSoup(replica.get(PAGE).text, "html.parser").select("select[js-groups] option")
    return {option.get_text(): str(option["value"]) for option in options}


def test_every_match_stands_twice_and_25_are_a_page(replica: Replica) -> None:
    html = ask(replica)
    assert len(rows(html)) == 25
    phones = BeautifulSoup(html, "html.parser").select(".container-row > .visible-xs > .table-content-row")
    assert len(phones) == 25
    for number in numbers(html):
        assert html.count(f" {number} ") + html.count(f">{number} ") == 2


def test_past_the_end_the_last_page_comes_again_and_next_points_at_itself(replica: Replica) -> None:
    last = pages(ask(replica))
    assert last > 5
    assert ask(replica, last) == ask(replica, last + 3)
    links = BeautifulSoup(ask(replica, last), "html.parser").select("a[js-page]")
    assert links[-1].get_text() == "Next"
    assert links[-1]["js-page"] == str(last)
    assert len(set(everything(replica))) == len(everything(replica))


def test_the_filters_are_read_from_the_page_by_name(replica: Replica) -> None:
    groups = group_ids(replica)
    assert {"Northeast", "Florida", "Southeast (Pro Player Pathway)"} <= set(groups)
    html = ask(replica, groups=groups["Florida"], age=22)
    assert {row["js-match-group"] for row in rows(html)} == {"Florida"}
    assert "U14" in html and "U13" not in html
    both = everything(replica, **{"groups[]": [groups["Florida"], groups["Northeast"]], "age[]": [21, 22]})
    assert len(both) > len(everything(replica, groups=groups["Florida"]))


def test_division_ids_change_from_season_to_season(replica: Replica) -> None:
    before = group_ids(replica)
    replica.knobs(modular11_renumber=500)
    after = group_ids(replica)
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())
    assert ask(replica, groups=before["Florida"]) == ask(replica, groups="99999")
    assert rows(ask(replica, groups=after["Florida"]))


def test_academy_has_its_own_tournament_and_divisions(replica: Replica) -> None:
    assert {row["js-match-group"] for row in rows(ask(replica, tournament=35))} == {"New England"}
    page = replica.get(f"https://{MODULAR11}/league-schedule/academy-division").text
    assert len(BeautifulSoup(page, "html.parser").select("select[js-groups] option")) == 20


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "played"},
        {"status": ""},
        {"start_date": ""},
        {"end_date": "2026-07-31"},
        {"start_date": "08/01/2025"},
    ],
)
def test_a_bad_request_answers_200_with_the_red_fragment(replica: Replica, changes: dict[str, str]) -> None:
    html = ask(replica, **changes)
    assert "color:red" in html
    assert rows(html) == []


def test_nothing_found_is_said_in_about_70_bytes(replica: Replica) -> None:
    html = ask(replica, start_date="2026-07-30 00:00:00")
    assert "No data available." in html
    assert 60 < len(html) < 85
    assert ask(replica, tournament=99) == html


def test_the_viewer_s_seasons_are_not_here(replica: Replica) -> None:
    assert "No data" in ask(replica, start_date="2026-08-01 00:00:00", end_date="2027-07-31 23:59:59")


def test_only_the_page_s_own_request_gets_a_fragment(replica: Replica) -> None:
    assert "select js-groups" in replica.get(f"{ANSWER}?{urlencode(SEASON)}").text


def test_dates_are_local_without_a_zone_and_some_years_have_four_digits(replica: Replica) -> None:
    html = "".join(ask(replica, page) for page in range(1, 8))
    found = re.findall(r"(\d\d/\d\d/(?:\d{4}|\d\d)) (\d\d:\d\d(?:am|pm))", html)
    assert {len(day) for day, _ in found} == {8, 10}
    for day, time in found:
        year = "%Y" if len(day) == 10 else "%y"
        assert datetime.strptime(f"{day} {time}", f"%m/%d/{year} %I:%M%p").year in (2025, 2026)


def test_scores_byes_and_names_look_as_they_do_there(replica: Replica) -> None:
    last = pages(ask(replica))
    html = "".join(ask(replica, page) for page in range(1, last + 1))
    assert "0&nbsp:&nbsp0" in html
    assert re.search(r"(\d)&nbsp:&nbsp\1<br>\(4&nbsp:&nbsp3\)", html)
    assert '<span class="score-match-table">TBD</span>' in html
    assert 'data-title="Bye"' in html and 'data-title="TBD"' in html
    assert "&#039;" in html and "(North)" in html
    titles = set(re.findall(r'team">(?:<img[^>]*>)?<p data-title="([^"]*)"', html))
    assert any(title != title.rstrip() for title in titles)
    assert any("  " in title for title in titles)
    assert "Intercontinental Football Academy of New England" in titles
    assert "Intercontinent..." in html or "Intercontinenta..." in html
    assert re.search(r"/academy/\d+/", html)
    assert {row["js-match-bracket"] for row in rows(html)} == {"League", "League (Pro Player Pathway)", "Playoffs"}


def test_a_season_that_is_being_played_shows_what_is_open(replica: Replica) -> None:
    replica.today("2026-02-01")
    scheduled, pending = everything(replica, status="scheduled"), everything(replica, status="pending")
    assert set(pending) < set(scheduled) < set(everything(replica))


@pytest.mark.parametrize(("count", "of_pages"), [(0, 0), (1, 1), (25, 1), (26, 2), (60, 3), (520, 21)])
def test_so_many_rows_as_the_knob_says(replica: Replica, count: int, of_pages: int) -> None:
    replica.knobs(modular11_rows=count)
    if count == 0:
        assert "No data available." in ask(replica)
        return
    assert pages(ask(replica)) == of_pages
    found = everything(replica, age=22)
    assert len(found) == len(set(found)) == count


def test_page_two_may_repeat_page_one(replica: Replica) -> None:
    replica.knobs(modular11="page-two-repeats-one")
    assert numbers(ask(replica, 2)) == numbers(ask(replica, 1))
    assert "2 page out of" in ask(replica, 2)
    assert numbers(ask(replica, 3)) != numbers(ask(replica, 1))


def test_pages_may_overlap_without_losing_a_row(replica: Replica) -> None:
    plain = everything(replica)
    replica.knobs(modular11="overlap")
    assert numbers(ask(replica, 1))[-1] == numbers(ask(replica, 2))[0]
    assert list(dict.fromkeys(everything(replica))) == plain


def test_the_error_fragment_and_the_missing_pager(replica: Replica) -> None:
    replica.knobs(modular11="error")
    assert "color:red" in ask(replica)
    replica.knobs(modular11="no-pager")
    assert "page out of" not in ask(replica)
    assert len(rows(ask(replica))) == 25


def test_quality_of_play_stands_by_division_and_changes_with_the_results(replica: Replica) -> None:
    asked = {"tournament_type": "league", "UID_age": 22, "UID_gender": 0, "UID_event": 12, "list_type": 53}
    before = replica.get(f"{QUALITY}?{urlencode(asked)}").text
    tables = BeautifulSoup(before, "html.parser").select(".container-table-standing")
    assert [table.select_one("p[data-title]")["data-title"] for table in tables] == ["Florida", "Northeast"]  # type: ignore[index]
    assert [row.select_one("div").get_text() for row in tables[0].select(".form_row.row.main_row")][:3] == [
        "1",
        "2",
        "3",
    ]  # type: ignore[union-attr]
    replica.today("2026-11-20")
    assert replica.get(f"{QUALITY}?{urlencode(asked)}").text != before
    assert "New England" in replica.get(f"{QUALITY}?{urlencode({**asked, 'UID_event': 35, 'list_type': 71})}").text
    assert "There are no teams." in replica.get(f"{QUALITY}?{urlencode({**asked, 'list_type': 71})}").text


def test_the_outer_page_points_here_when_the_platform_is_this_one(replica: Replica) -> None:
    replica.knobs(platform="modular11")
    html = replica.get(f"https://{SITE}/mlsnext/schedule/academy_division/").text
    assert f'data-src="https://{MODULAR11}/league-schedule/academy-division"' in html
