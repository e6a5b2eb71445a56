"""Documents that went through another program, or a careless one: what is certain is taken, the rest is named."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from devstack.testing.viewer_documents import bracket, event, schedule, standings
from match_scraper.assist.documents import Documents, Malformed, parse


def parsed(**changes: Any) -> Documents:
    """Return a document with one match that is changed like this, and one that is not."""
    return parse(schedule(event(1, **changes), event(2)), standings(bracket()))


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_no_part_of_the_document(mark: bytes) -> None:
    documents = parse(mark + schedule(event()), mark + standings(bracket()))
    assert (len(documents.schedule.events), documents.notes) == (1, ())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be"])
def test_json_in_another_unicode_is_read(encoding: str) -> None:
    body = schedule(event()).decode().encode(encoding)
    assert len(parse(body, standings(bracket())).schedule.events) == 1


@pytest.mark.parametrize("half", ["\\ud83d", "\\udc00", "x\\ud83dy"])
def test_half_a_character_costs_that_character_alone(half: str) -> None:
    text = schedule(event(1), event(2, event_location={"id": 7, "name": "Field HALF"}, weather="HALF"))
    documents = parse(text.replace(b"HALF", half.encode()), standings(bracket()).replace(b"Northeast", half.encode()))
    assert len(documents.schedule.events) == 2
    assert not documents.bad_events
    assert documents.standings.competition_season.competition_brackets[0].name


def test_a_byte_that_is_no_utf_8_costs_that_byte_alone() -> None:
    documents = parse(schedule(event()).replace(b"North Field", b"Caf\xe9"), standings(bracket()))
    place = documents.schedule.events[0].event_location
    assert place is not None
    assert place.name == "Caf\ufffd"


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"round_number": "3"}, "round_number", 3),
        ({"round_number": 3.0}, "round_number", 3),
        ({"home_score": "2"}, "home_score", 2),
        ({"home_score": 2.0}, "home_score", 2),
        ({"home_score": " 2 "}, "home_score", 2),
        ({"home_score": "0.2e1"}, "home_score", 2),
        ({"completed": 0}, "completed", False),
        ({"completed": "true"}, "completed", True),
        ({"home_squad_name": 14}, "home_squad_name", "14"),
        ({"game_key": 1.0}, "game_key", 1),
        ({"home_squad_id": 10.0}, "home_squad_id", 10),
        ({"home_squad_id": "10.0"}, "home_squad_id", "10"),
        ({"home_organisation": []}, "home_organisation", None),
        ({"event_location": []}, "event_location", None),
        ({"event_location": {}}, "event_location", None),
        ({"home_score": ""}, "home_score", None),
        ({"local_timezone": ""}, "local_timezone", None),
    ],
)
def test_what_is_certain_is_taken_without_a_word(changes: dict[str, Any], field: str, value: object) -> None:
    documents = parsed(**{"round_number": "1"} | changes)
    first = documents.schedule.events[0]
    found = getattr(first, field)
    assert found == value or (value is None and found is not None and found.name is None)
    assert (documents.notes, documents.bad_events) == ((), ())


@pytest.mark.parametrize(
    ("changes", "field", "shown"),
    [
        ({"round_number": 3_000_000_000}, "round_number", "3000000000"),
        ({"round_number": -1}, "round_number", "-1"),
        ({"round_number": 2.5}, "round_number", "2.5"),
        ({"home_score": -1}, "home_score", "-1"),
        ({"home_score": 100}, "home_score", "100"),
        ({"home_score": "three"}, "home_score", "'three'"),
        ({"home_score": True}, "home_score", "True"),
        ({"home_penalty_shootout_score": {"a": 1}}, "home_penalty_shootout_score", "{'a': 1}"),
        ({"id": True}, "id", "True"),
        ({"completed": "perhaps"}, "completed", "'perhaps'"),
        ({"home_squad_name": ["U15"]}, "home_squad_name", "['U15']"),
        ({"home_organisation": 5}, "home_organisation", "5"),
    ],
)
def test_what_is_odd_and_decides_nothing_is_left_out_and_named(changes: dict[str, Any], field: str, shown: str) -> None:
    documents = parsed(**changes)
    assert getattr(documents.schedule.events[0], field) is None
    assert documents.notes == (f"{field} cannot be taken 1 times and is left out there, the first: match 1: {shown}",)
    assert documents.bad_events == ()


def test_a_name_within_an_object_is_left_out_alone() -> None:
    documents = parsed(home_organisation={"id": 5, "name": {"en": "Harbor"}, "logo_full_path": "https://c.example/1"})
    club = documents.schedule.events[0].home_organisation
    assert club is not None
    assert (club.id, club.name, club.logo_full_path) == (5, None, "https://c.example/1")
    assert documents.notes[0].startswith("home_organisation.name cannot be taken 1 times")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"home_squad_id": None}, "opponent not known yet"),
        ({"home_squad_id": None, "away_squad_id": None}, "opponent not known yet"),
        ({"away_squad_id": 0}, "opponent not known yet"),
        ({"away_squad_id": ""}, "opponent not known yet"),
        ({"start_time": None}, "date not set"),
        ({"start_time": ""}, "date not set"),
    ],
)
def test_what_nobody_knows_yet_is_left_out_and_counted(changes: dict[str, Any], reason: str) -> None:
    documents = parsed(**changes)
    assert [(one.number, one.reason) for one in documents.undecided] == [("1", reason)]
    assert (len(documents.schedule.events), documents.events, documents.bad_events) == (1, 2, ())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"game_key": None}, "game_key"),
        ({"game_key": -5}, "game_key"),
        ({"game_key": {"a": 1}}, "game_key"),
        ({"home_squad_id": {"a": 1}}, "home_squad_id"),
        ({"away_squad_id": -7}, "away_squad_id"),
        ({"start_time": "yesterday"}, "start_time"),
        ({"start_time": True}, "start_time"),
        ({"start_time": 5}, "start_time"),
    ],
)
def test_what_is_essential_and_odd_costs_that_match_alone(changes: dict[str, Any], field: str) -> None:
    documents = parsed(**changes)
    (bad,) = documents.bad_events
    assert bad.problem.startswith(f"events[0].{field}: ")
    assert [one.game_key for one in documents.schedule.events] == ["2"]


@pytest.mark.parametrize(
    "start",
    [
        "2026-10-03T15:00:00.000Z",
        "2026-10-03T15:00:00",
        "2026-10-03 15:00:00 UTC",
        "2026-10-03 11:00:00 -0400",
        "2026-10-03T11:00:00-04:00",
        "Sat, 03 Oct 2026 15:00:00 GMT",
    ],
)
def test_a_moment_is_read_as_programs_write_it(start: object) -> None:
    documents = parsed(start_time=start)
    assert documents.schedule.events[0].start_time == datetime(2026, 10, 3, 15, tzinfo=UTC)


@pytest.mark.parametrize("start", [1791039600000, 1791039600, 1791039600000.0, "1791039600000"])
def test_numbers_are_moments_where_the_whole_document_writes_them_so(start: object) -> None:
    documents = parse(schedule(event(1, start_time=start), event(2, start_time=start)), standings(bracket()))
    assert documents.schedule.events[0].start_time == datetime(2026, 10, 3, 15, tzinfo=UTC)
    (bad,) = parsed(start_time=start).bad_events
    assert bad.problem.startswith("events[0].start_time: ")


def test_a_day_without_an_hour_is_a_day() -> None:
    documents = parsed(start_time="2026-10-03")
    first = documents.schedule.events[0]
    assert (first.day_only, first.start_time.date().isoformat()) == (True, "2026-10-03")


def test_lists_whose_places_are_keys_are_lists() -> None:
    content = json.loads(schedule(event(1), event(2)))
    content["events"] = {"0": content["events"][0], "2": content["events"][1]}
    assert len(parse(json.dumps(content).encode(), standings(bracket())).schedule.events) == 2


@pytest.mark.parametrize("values", [[], {}, None, {"matches_played": "3"}, {"matches_played": {"value": 3.0}}])
def test_published_values_come_as_objects_as_bare_values_and_as_empty_lists(values: object) -> None:
    table = bracket()
    for row in table["standings"]:
        row["tiebreaker_values"] = values
    documents = parse(schedule(event()), standings(table))
    row = documents.standings.competition_season.competition_brackets[0].standings[0]
    said = {name: str(value.value) for name, value in (row.tiebreaker_values or {}).items() if value is not None}
    assert said.get("matches_played", "3").removesuffix(".0") == "3"
    assert (documents.bad_rows, documents.notes) == ((), ())


@pytest.mark.parametrize(("age", "read"), [("u14", "U14"), ("U-14", "U14"), (" U14 ", "U14")])
def test_an_age_group_is_read_however_it_is_written(age: str, read: str) -> None:
    documents = parse(schedule(event()), standings(bracket(age=age)))
    assert documents.standings.competition_season.competition_brackets[0].age_group.name == read


@pytest.mark.parametrize("age", ["U18/19", "U13/14", "Open", "", None, ["U14"]])
def test_a_bracket_of_no_age_group_is_left_out_with_its_squads(age: Any) -> None:
    documents = parse(schedule(event()), standings(bracket(), bracket(200, "Florida", age, (20, 21))))
    assert [table.id for table in documents.standings.competition_season.competition_brackets] == [100]
    assert set(documents.left_out) == {"20", "21"}
    assert documents.bad_rows[0].startswith("competition_brackets[1] (Florida).age_group: ")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is no JSON"),
        (b"{", "is no JSON"),
        (b"[]", "is list where an object should be"),
        (b"{}", "`events` is missing"),
        (b'{"events": 5, "synced_at": "2026-10-05T13:40:03Z"}', "events: 5 is no list"),
        (b'{"events": []}', "has no synced_at"),
        (b'{"events": [], "synced_at": "soon"}', "synced_at: 'soon' is no moment"),
        (b"[" * 100_000, "is no JSON"),
        (b'{"events": [], "synced_at": "2026-10-05T13:40:03Z", "n": ' + b"9" * 5000 + b"}", ""),
        (b'{"events": [{"n": ' + b"9" * 5000 + b'}], "synced_at": "2026-10-05T13:40:03Z"}', ""),
    ],
)
def test_a_body_that_is_no_document_is_named(body: bytes, said: str) -> None:
    if not said:
        assert not parse(body, standings(bracket())).schedule.events
        return
    with pytest.raises(Malformed, match="the schedule") as refused:
        parse(body, standings(bracket()))
    assert said in str(refused.value)
