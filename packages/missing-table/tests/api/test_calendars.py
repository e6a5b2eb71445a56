"""Calendars, feeds, exports and embeds. Calendars are read by a small parser of the test's own."""

import csv
import io
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from missing_table.server.app import create_app

from .conftest import running, settings_for


def events_of(text: str) -> list[dict[str, str]]:
    """RFC 5545, unfolded: VEVENTs as name (with parameters) to value."""
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    lines = re.sub(r"\r\n[ \t]", "", text).split("\r\n")
    assert (lines[0], lines[-2]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    events: list[dict[str, str]] = []
    for line in lines:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            events.append({})
        elif events:
            events[-1][name] = value
    return events


async def test_a_teams_calendar_has_its_matches(api: Any, seed: Any) -> None:
    answer = await api.get(f"/api/teams/{seed.teams['Bravo FC']}/calendar.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    events = events_of(answer.text)
    assert [event["UID"] for event in events] == [
        f"match-{seed.matches[name]}@missing-table"
        for name in ("Ajax SC-Bravo FC", "Bravo FC-Delta United", "Bravo FC-Córdoba <FC>", "Bravo FC-Echo Rovers")
    ]
    played, _, _, unset = events
    assert played["SUMMARY"] == "Ajax SC 2–1 Bravo FC"
    assert played["DTSTART"] == "20260905T140000Z"
    assert played["LOCATION"] == "Ajax SC Park"
    assert played["URL;VALUE=URI" if "URL;VALUE=URI" in played else "URL"].startswith("https://table.example/matches/")
    assert unset["DTSTART;VALUE=DATE"] == "20261101"
    assert unset["DTEND;VALUE=DATE"] == "20261102"


@pytest.mark.parametrize("status", ["live", "postponed", "cancelled", "tbd", "completed", "forfeit"])
async def test_only_a_match_that_has_ended_is_announced_with_its_score(api: Any, seed: Any, status: str) -> None:
    """A live match has a score that will change; one that was called off may have kept one."""
    match_id = seed.matches["Bravo FC-Delta United"]
    seed.execute("update matches set status = %s where id = %s", [status, match_id])
    team = f"/api/teams/{seed.teams['Bravo FC']}"
    events = {event["UID"]: event for event in events_of((await api.get(f"{team}/calendar.ics")).text)}
    feed = ElementTree.fromstring((await api.get(f"{team}/results.atom")).content)
    titles = [title.text for title in feed.iterfind("{*}entry/{*}title")]
    shown = events[f"match-{match_id}@missing-table"]["SUMMARY"]
    if status in ("completed", "forfeit"):
        assert shown == "Bravo FC 4–0 Delta United"
        assert titles == ["Bravo FC 4–0 Delta United", "Ajax SC 2–1 Bravo FC"]
    else:
        called_off = {"postponed": "Postponed: ", "cancelled": "Cancelled: "}.get(status, "")
        assert shown == f"{called_off}Bravo FC – Delta United"
        assert titles == ["Ajax SC 2–1 Bravo FC"]


def unescaped(value: str) -> str:
    """RFC 5545, 3.3.11."""
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "N": "\n"}.get(found[1], found[1]), value)


async def test_names_of_any_kind_survive_escaping_and_folding(api: Any, seed: Any) -> None:
    name = 'Ajax, SC; \\ the "Été" 🏟️🏟️🏟️ of a very long name that goes on beyond what one line may hold: Nº 14'
    seed.execute("update teams set name = %s where name = 'Ajax SC'", [name])
    seed.execute("update venues set name = %s where name = 'Ajax SC Park'", [f"{name}\nField 2"])
    events = events_of((await api.get(f"/api/teams/{seed.teams['Ajax SC']}/calendar.ics")).text)
    assert unescaped(events[0]["SUMMARY"]) == f"{name} 2–1 Bravo FC"
    assert unescaped(events[0]["LOCATION"]) == f"{name} Field 2"  # a line end is no part of a name


async def test_every_event_has_what_a_calendar_needs(api: Any, seed: Any) -> None:
    for club in seed.clubs.values():
        events = events_of((await api.get(f"/api/clubs/{club}/calendar.ics")).text)
        assert len({event["UID"] for event in events}) == len(events)
        for event in events:
            assert re.fullmatch(r"\d{8}T\d{6}Z", event["DTSTAMP"])
            assert re.fullmatch(r"\d+", event["SEQUENCE"])
            assert event["STATUS"] in ("CONFIRMED", "TENTATIVE", "CANCELLED")
            timed = "DTSTART" in event
            start, end = (
                (event["DTSTART"], event["DTEND"])
                if timed
                else (event["DTSTART;VALUE=DATE"], event["DTEND;VALUE=DATE"])
            )
            assert re.fullmatch(r"\d{8}T\d{6}Z" if timed else r"\d{8}", start)
            assert event["SUMMARY"].startswith(("U14: ", "U13: ", "U15: ", "U16: ", "U17: "))
            assert start < end


async def test_a_change_raises_the_sequence_and_a_cancelled_match_is_cancelled(api: Any, seed: Any) -> None:
    match_id = seed.matches["Bravo FC-Echo Rovers"]
    path = f"/api/teams/{seed.teams['Echo Rovers']}/calendar.ics"
    (before,) = events_of((await api.get(path)).text)
    seed.execute("update matches set status = 'cancelled' where id = %s", [match_id])
    seed.execute(
        "insert into match_changes (match_id, field, new_value, observed_at) values (%s, 'status', 'cancelled', now())",
        [match_id],
    )
    (after,) = events_of((await api.get(path)).text)
    assert (before["SEQUENCE"], before["STATUS"]) == ("0", "CONFIRMED")
    assert (after["SEQUENCE"], after["STATUS"], after["UID"]) == ("1", "CANCELLED", before["UID"])


@pytest.mark.parametrize("status", ["postponed", "cancelled"])
async def test_a_match_that_is_off_says_so_in_its_title_and_keeps_nobody_busy(api: Any, seed: Any, status: str) -> None:
    match_id = seed.matches["Bravo FC-Delta United"]
    seed.execute("update matches set status = %s where id = %s", [status, match_id])
    for path in (f"teams/{seed.teams['Bravo FC']}", f"clubs/{seed.clubs['Bravo FC']}"):
        events = {event["UID"]: event for event in events_of((await api.get(f"/api/{path}/calendar.ics")).text)}
        off = events[f"match-{match_id}@missing-table"]
        age = "U14: " if path.startswith("clubs") else ""
        assert off["SUMMARY"] == f"{status.title()}: {age}Bravo FC – Delta United"
        assert off["TRANSP"] == "TRANSPARENT"
        assert off["DESCRIPTION"].endswith(status.title())
        assert [event["UID"] for event in events.values() if "DTSTART" in event and "TRANSP" in event] == [off["UID"]]


@pytest.mark.parametrize(
    "what",
    [
        "venues set name = 'Ajax SC Park, Field 7' where name = 'Ajax SC Park'",
        "teams set name = 'Ajax Soccer Club' where name = 'Ajax SC'",
    ],
)
async def test_a_name_that_is_corrected_in_its_place_moves_sequence_and_last_modified(
    api: Any, seed: Any, what: str
) -> None:
    path = f"/api/teams/{seed.teams['Ajax SC']}/calendar.ics"
    before = {event["UID"]: event for event in events_of((await api.get(path)).text)}
    seed.execute("update matches set updated_at = updated_at - interval '1 day'")
    seed.execute(f"update {what}")
    after = {event["UID"]: event for event in events_of((await api.get(path)).text)}
    moved = [uid for uid in after if any(before[uid].get(n) != after[uid].get(n) for n in ("SUMMARY", "LOCATION"))]
    assert moved
    for uid in moved:
        assert int(after[uid]["SEQUENCE"]) == int(before[uid]["SEQUENCE"]) + 1
        assert after[uid]["LAST-MODIFIED"] > before[uid]["LAST-MODIFIED"]
        assert after[uid]["DTSTAMP"] == after[uid]["LAST-MODIFIED"]
    match_id = moved[0].removeprefix("match-").partition("@")[0]
    history = (await api.get(f"/api/matches/{match_id}/changes")).json()["items"]
    assert history[0]["field"] in ("venue", "teams")


@pytest.mark.parametrize("nasty", ["A\nB", "A\r\nB", "A\x0bB", "A\x1bB", "A\x7fB", "A\u2028B", "A\x85B", "A\uffffB"])
async def test_a_control_character_or_line_end_of_the_feed_reaches_no_reader(api: Any, seed: Any, nasty: str) -> None:
    seed.execute("update teams set name = %s where name = 'Ajax SC'", [nasty])
    seed.execute("update clubs set name = %s where name = 'Ajax SC'", [nasty])
    seed.execute("update venues set name = %s where name = 'Ajax SC Park'", [nasty])
    for path in (f"teams/{seed.teams['Ajax SC']}", f"clubs/{seed.clubs['Ajax SC']}"):
        answer = await api.get(f"/api/{path}/calendar.ics")
        assert answer.status_code == 200
        assert re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", answer.text) is None
        assert "X-WR-CALNAME:A B" in answer.text
        assert events_of(answer.text)[0]["LOCATION"] == "A B"
    feed = await api.get(f"/api/teams/{seed.teams['Ajax SC']}/results.atom")
    titles = [title.text or "" for title in ElementTree.fromstring(feed.content).iterfind("{*}entry/{*}title")]
    assert titles
    assert all("A B" in title for title in titles)
    head = (await api.get("/api/pages/head", params={"path": f"/teams/{seed.teams['Ajax SC']}"})).text
    assert "<title>A B U14:" in head


async def test_times_are_utc_whatever_the_databases_own_zone_is(seed: Any) -> None:
    seed.execute(
        "do $$ begin execute format('alter database %I set timezone = %L', current_database(), 'Asia/Tokyo'); end $$"
    )
    async with running(create_app(settings_for(seed.dsn))) as api:
        calendar = (await api.get(f"/api/clubs/{seed.clubs['Ajax SC']}/calendar.ics")).text
        fresh = (await api.get("/api/freshness")).json()
        runs = (await api.get("/api/runs")).json()
    assert "TZID" not in calendar
    assert "DTSTART:20260905T140000Z" in calendar
    moments = [fresh["competitions"][0]["synced_at"], runs["items"][0]["started_at"]]
    assert all(moment.endswith("Z") for moment in moments), moments


async def test_the_last_day_that_a_date_may_name_breaks_no_calendar(api: Any, seed: Any) -> None:
    seed.execute(
        "update matches set kick_off = '9999-12-31T23:30:00Z', local_date = '9999-12-31' where id = %s",
        [seed.matches["Bravo FC-Delta United"]],
    )
    events = events_of((await api.get(f"/api/teams/{seed.teams['Bravo FC']}/calendar.ics")).text)
    assert events[-1]["DTSTART"] == "99991231T233000Z"
    assert "DTEND" not in events[-1]


async def test_a_clubs_calendar_and_an_unchanged_one_is_304(api: Any, seed: Any) -> None:
    path = f"/api/clubs/{seed.clubs['Ajax SC']}/calendar.ics"
    answer = await api.get(path)
    assert len(events_of(answer.text)) == 3
    assert (await api.get(path, headers={"If-None-Match": answer.headers["etag"]})).status_code == 304


async def test_results_are_an_atom_feed_newest_first(api: Any, seed: Any) -> None:
    answer = await api.get(f"/api/teams/{seed.teams['Córdoba <FC>']}/results.atom")
    feed = ElementTree.fromstring(answer.content)
    titles = [title.text for title in feed.iterfind("{*}entry/{*}title")]
    assert titles == ["Ajax SC 1–3 Córdoba <FC>", "Córdoba <FC> 0–0 Delta United"]
    assert feed.find("{*}updated") is not None


@pytest.mark.parametrize("path", ["teams/9999/calendar.ics", "clubs/9999/calendar.ics", "teams/9999/results.atom"])
async def test_of_nobody_is_a_404(api: Any, path: str) -> None:
    assert (await api.get(f"/api/{path}")).status_code == 404


async def test_lists_come_as_csv(api: Any, seed: Any) -> None:
    answer = await api.get(f"/api/brackets/{seed.northeast}/table?format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["position"], row["team.name"]) for row in rows][:2] == [("1", "Córdoba <FC>"), ("2", "Ajax SC")]
    assert rows[0]["form"] == "T W"
    matches = list(csv.DictReader(io.StringIO((await api.get("/api/matches?format=csv")).text)))
    assert len(matches) == 8
    assert matches[0]["home.name"] == "Ajax SC"


async def test_a_name_that_looks_like_a_formula_is_no_formula_in_a_spreadsheet(api: Any, seed: Any) -> None:
    seed.execute("update teams set name = '=1+1' where name = 'Ajax SC'")
    text = (await api.get(f"/api/brackets/{seed.northeast}/table?format=csv")).text
    assert "'=1+1" in text


async def test_an_embedded_table_may_stand_in_anybodys_frame_and_nothing_else_may(api: Any, seed: Any) -> None:
    embed = await api.get(f"/api/embed/brackets/{seed.northeast}")
    assert "frame-ancestors *" in embed.headers["content-security-policy"]
    assert "Echo Rovers" in embed.text
    assert "<script" not in embed.text
    style = await api.get("/api/embed/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "c-ppm" not in style.text  # what the table is ordered by is never hidden
    other = await api.get(f"/api/brackets/{seed.northeast}")
    assert "frame-ancestors 'none'" in other.headers["content-security-policy"]
