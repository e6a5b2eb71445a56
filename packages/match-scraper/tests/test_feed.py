"""One feed over HTTP, against the replica: each outcome has its name."""

import asyncio
import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from devstack.replica.handle import Replica, start
from match_contract import Season, Status
from match_scraper import (
    FeedKey,
    LandedFeed,
    Outcome,
    Reader,
    ReaderSettings,
    Reading,
    SourceError,
    Validators,
    discover,
    document_paths,
    read_feed,
)
from match_scraper.assist.keys import usual_keys

VIEWER = "https://mls-assist.theintelligenceplatform.com"
LEAGUE, ACADEMY = (key for key in usual_keys(Season(2026)) if "flex" not in key.key)
FEEDS = Path(os.environ.get("MT_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "feeds"


@pytest.fixture
def settings(replica: Replica, tmp_path: Path) -> ReaderSettings:
    return ReaderSettings(
        source_resolve=replica.resolve, source_ca=replica.ca, state_dir=tmp_path / "state", http_timeout_s=10
    )


async def reading(
    settings: ReaderSettings,
    key: FeedKey = LEAGUE,
    *,
    validators: dict[str, Validators] | None = None,
    landed: LandedFeed | None = None,
    accept_shrink: bool = False,
) -> Reading:
    async with Reader(settings) as reader:
        return await read_feed(
            reader,
            key,
            viewer_url=VIEWER,
            validators=validators or {},
            landed=landed,
            accept_shrink=accept_shrink,
        )


def validators_of(read: Reading) -> dict[str, Validators]:
    return {ref.path: Validators(ref.etag, ref.last_modified, ref.sha256) for ref in read.documents}


async def test_every_match_of_the_generated_season_reads_as_it_is_true(
    replica: Replica, settings: ReaderSettings
) -> None:
    truth = replica.truth()["keys"]
    for key in usual_keys(Season(2026)):
        read = await reading(settings, key)
        expected = {match["game_key"]: match for match in truth[key.key]["matches"] if match["status"] != "cancelled"}
        assert read.outcome is Outcome.READ
        assert not read.rejected
        assert {match.external_id for match in read.matches} == set(expected)
        for match in read.matches:
            true = expected[match.external_id]
            assert match.home_brackets == tuple(map(str, true["home_brackets"])), match
            assert match.away_brackets == tuple(map(str, true["away_brackets"])), match
            assert (match.home_score, match.away_score) == (true["home_score"], true["away_score"]), match
            assert (match.home_shootout, match.away_shootout) == (true["home_shootout"], true["away_shootout"])
            assert match.local_date.isoformat() == true["local_date"]
            assert match.time_set is true["time_set"]
            assert match.status is not Status.COMPLETED or true["status"] == "completed"
        assert {bracket.external_id for bracket in read.brackets} == {
            str(bracket["id"]) for bracket in truth[key.key]["brackets"]
        }
        for bracket in truth[key.key]["brackets"]:
            (ours,) = [one for one in read.brackets if one.external_id == str(bracket["id"])]
            assert {row.team.squad_id: row.team.name for row in ours.teams} == {
                str(row["squad_id"]): row["name"] for row in bracket["rows"]
            }
            assert ours.computed is bracket["computed"]


@pytest.mark.season
async def test_the_full_season_has_all_three_competitions_and_232_brackets_without_any_being_configured(
    tmp_path: Path,
) -> None:
    with start(tmp_path / "replica", today="2026-10-05", size="full") as full:
        settings = ReaderSettings(source_resolve=full.resolve, source_ca=full.ca, state_dir=tmp_path / "state")
        found = await discover(settings, season=Season(2026))
        assert found.browser_used
        readings = [await reading(settings, key) for key in found.keys]
    assert [read.outcome for read in readings] == [Outcome.READ] * 3
    assert sum(len(read.brackets) for read in readings) == 232
    assert sum(len(read.matches) for read in readings) == 24_623
    assert not [item for read in readings for item in read.rejected]


async def test_the_real_feed_reads_whole(replica: Replica, settings: ReaderSettings) -> None:
    if not FEEDS.exists():
        pytest.skip(f"the shared feeds are not at {FEEDS} (MT_SHARED names their folder)")
    replica.feeds(FEEDS)
    read = await reading(settings)
    assert (read.outcome, len(read.matches), read.scored, len(read.brackets)) == (Outcome.READ, 992, 145, 4)
    assert not read.rejected
    assert all(bracket.computed for bracket in read.brackets)
    assert (await reading(settings, ACADEMY)).outcome is Outcome.NOT_PUBLISHED


async def test_an_unchanged_feed_costs_two_conditional_requests_and_no_body(
    replica: Replica, settings: ReaderSettings
) -> None:
    first = await reading(settings)
    replica.forget_requests()
    again = await reading(settings, validators=validators_of(first))
    assert again.outcome is Outcome.UNCHANGED
    assert [(asked["status"], asked["bytes"]) for asked in replica.requests()] == [(304, 0), (304, 0)]
    assert (again.requests, again.bytes_read) == (2, 0)


async def test_where_one_document_changed_the_other_is_read_too(replica: Replica, settings: ReaderSettings) -> None:
    first = await reading(settings)
    known = validators_of(first)
    schedule, _ = document_paths(LEAGUE.key)
    read = await reading(settings, validators={**known, schedule: Validators('"older"')})
    assert read.outcome is Outcome.READ
    assert len(read.documents) == 2
    assert read.matches == first.matches


async def test_without_validators_an_unchanged_body_is_known_by_its_hash(
    replica: Replica, settings: ReaderSettings
) -> None:
    replica.knobs(etag="drop", last_modified="drop")
    first = await reading(settings)
    assert all(ref.etag is None and ref.last_modified is None for ref in first.documents)
    assert (await reading(settings, validators=validators_of(first))).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("knobs", "outcome", "said"),
    [
        ({"documents": "shell"}, Outcome.NOT_PUBLISHED, "not published"),
        ({"documents": "shell", "only": "standings"}, Outcome.SHELL, "for the standings"),
        ({"documents": "404"}, Outcome.NOT_PUBLISHED, "404"),
        ({"documents": "empty"}, Outcome.EMPTY, "no matches"),
        ({"documents": "blank"}, Outcome.EMPTY, "single byte"),
        ({"documents": "401"}, Outcome.BLOCKED, "401"),
        ({"documents": "403"}, Outcome.BLOCKED, "403"),
        ({"documents": "429", "retry_after_s": 3600}, Outcome.BLOCKED, "3600 s"),
        ({"documents": "500"}, Outcome.UNREACHABLE, "500"),
        ({"documents": "reset"}, Outcome.UNREACHABLE, "3 times tried"),
        ({"documents": "truncated"}, Outcome.UNREACHABLE, "3 times tried"),
        ({"robots": "disallow"}, Outcome.BLOCKED, "robots.txt"),
    ],
)
async def test_what_goes_wrong_has_its_name(
    replica: Replica, settings: ReaderSettings, knobs: dict[str, object], outcome: Outcome, said: str
) -> None:
    replica.knobs(**knobs)
    read = await reading(settings)
    assert (read.outcome, read.matches) == (outcome, [])
    assert said in read.detail


async def test_a_source_that_hangs_is_unreachable_within_the_deadline(
    replica: Replica, settings: ReaderSettings
) -> None:
    replica.knobs(documents="hang")
    read = await reading(settings.model_copy(update={"http_timeout_s": 0.5}))
    assert read.outcome is Outcome.UNREACHABLE
    assert "0.5 s" in read.detail


async def test_retry_after_is_waited_for_and_the_feed_then_read(replica: Replica, settings: ReaderSettings) -> None:
    replica.knobs(documents="429", times=1, retry_after_s=0)
    read = await reading(settings)
    assert read.outcome is Outcome.READ
    assert [asked["status"] for asked in replica.requests() if "/data/" in asked["path"]] == [429, 200, 200]


@pytest.mark.parametrize("fault", ["reset", "truncated", "500"])
async def test_one_fault_on_the_way_is_tried_again(replica: Replica, settings: ReaderSettings, fault: str) -> None:
    whole = await reading(settings)
    replica.knobs(documents=fault, times=1)
    assert (await reading(settings)).matches == whole.matches


async def test_a_published_feed_that_turns_into_the_shell_is_no_unpublished_season(
    replica: Replica, settings: ReaderSettings
) -> None:
    replica.knobs(documents="shell")
    read = await reading(settings, landed=LandedFeed(338, 61))
    assert read.outcome is Outcome.SHELL
    assert "although 338 matches" in read.detail


async def test_a_document_that_shrinks_by_half_is_refused_until_that_is_accepted(
    replica: Replica, settings: ReaderSettings
) -> None:
    first = await reading(settings)
    landed = LandedFeed(len(first.external_ids), first.scored, first.observed_at)
    replica.knobs(shrink=0.5)
    refused = await reading(settings, landed=landed)
    assert (refused.outcome, refused.matches, refused.external_ids) == (Outcome.SHRUNKEN, [], ())
    assert "--accept-shrink mls-next-league-26-27" in refused.detail
    accepted = await reading(settings, landed=landed, accept_shrink=True)
    assert accepted.outcome is Outcome.READ
    assert len(accepted.matches) == pytest.approx(len(first.matches) / 2, abs=1)


async def test_a_fifth_fewer_matches_is_still_read_and_one_more_is_refused(
    replica: Replica, settings: ReaderSettings
) -> None:
    replica.knobs(events=80)
    assert (await reading(settings, landed=LandedFeed(100, 0))).outcome is Outcome.READ
    replica.knobs(events=79)
    assert (await reading(settings, landed=LandedFeed(100, 0))).outcome is Outcome.SHRUNKEN


async def test_a_document_whose_scores_are_gone_is_refused_and_one_withdrawn_score_is_not(
    replica: Replica, settings: ReaderSettings
) -> None:
    first = await reading(settings)
    landed = LandedFeed(len(first.external_ids), first.scored, first.observed_at)
    replica.knobs(withdraw=1)
    one = await reading(settings, landed=landed)
    assert (one.outcome, one.scored) == (Outcome.READ, first.scored - 1)
    replica.knobs(withdraw=first.scored)
    gone = await reading(settings, landed=landed)
    assert gone.outcome is Outcome.SHRUNKEN
    assert "0 scores where" in gone.detail


async def test_a_document_older_than_the_one_that_landed_is_odd(replica: Replica, settings: ReaderSettings) -> None:
    first = await reading(settings)
    assert first.observed_at is not None
    landed = LandedFeed(len(first.external_ids), first.scored, first.observed_at + timedelta(hours=3))
    older = await reading(settings, landed=landed)
    assert older.outcome is Outcome.READ
    assert older.oddities[0] == (
        "the document is of 2026-10-05 13:40 UTC, older than the one that landed, of 2026-10-05 16:40 UTC"
    )
    same = await reading(settings, landed=LandedFeed(len(first.external_ids), first.scored, first.observed_at))
    assert same.oddities == first.oddities


@pytest.mark.parametrize(("minutes", "outcome"), [(15, Outcome.READ), (16, Outcome.AHEAD)])
async def test_a_document_dated_further_ahead_than_a_quarter_of_an_hour_is_refused_and_said(
    settings: ReaderSettings, minutes: int, outcome: Outcome
) -> None:
    written = (await reading(settings)).observed_at
    assert written is not None
    async with Reader(settings) as reader:
        read = await read_feed(
            reader, LEAGUE, viewer_url=VIEWER, validators={}, now=written - timedelta(minutes=minutes)
        )
    assert read.outcome is outcome
    assert outcome is Outcome.READ or (read.matches, read.brackets) == ([], ())
    assert (
        outcome is Outcome.READ or "is dated 2026-10-05 13:40 UTC, and here it is 2026-10-05 13:24 UTC" in read.detail
    )


async def test_a_bad_field_costs_that_field_and_a_match_without_what_is_essential_that_match(
    replica: Replica, settings: ReaderSettings
) -> None:
    whole = await reading(settings)
    replica.knobs(wrong_types=8)
    read = await reading(settings)
    assert read.outcome is Outcome.READ
    assert {one.reason for one in read.rejected} == {"bad_field"}
    assert sorted(one.detail.split(": ")[0].partition(".")[2] for one in read.rejected) == [
        "game_key", "home_squad_id", "start_time", "start_time",
    ]  # fmt: skip
    assert len(read.matches) == len(whole.matches) - 4
    assert all(one.brackets for one in read.rejected if isinstance(one.payload["home_squad_id"], int))
    assert any("home_score cannot be taken 1 times" in said for said in read.oddities)
    assert any("away_organisation cannot be taken 1 times" in said for said in read.oddities)
    assert any("1 matches have no time zone" in said for said in read.oddities)


def without_date(read: bytes, every: int) -> bytes:
    """The schedule with every so-manieth event at a time that cannot be read."""
    content = json.loads(read)
    for event in content["events"][::every]:
        event["start_time"] = "next Saturday"
    return json.dumps(content).encode()


@pytest.mark.parametrize(("every", "outcome"), [(6, Outcome.READ), (4, Outcome.MALFORMED)])
async def test_matches_that_cannot_be_read_are_lost_one_by_one_until_they_are_a_fifth_of_the_document(
    replica: Replica, settings: ReaderSettings, tmp_path: Path, every: int, outcome: Outcome
) -> None:
    serve_bent(replica, tmp_path, lambda body: without_date(body, every))
    read = await reading(settings)
    assert read.outcome is outcome
    assert {one.reason for one in read.rejected} == {"bad_field"}
    assert bool(read.matches) is (outcome is Outcome.READ)
    assert outcome is Outcome.READ or "nothing of it is taken; the first: events[0].start" in read.detail


def serve_bent(replica: Replica, folder: Path, bend: Callable[[bytes], bytes]) -> None:
    """Makes the replica serve both documents of the league, the schedule bent."""
    schedule, standings = document_paths(LEAGUE.key)
    for path in (schedule, standings):
        body = replica.get(VIEWER + path).content
        file = folder / "feeds" / path.removeprefix("/")
        file.parent.mkdir(parents=True)
        file.write_bytes(bend(body) if path == schedule else body)
    replica.feeds(folder / "feeds")


def cup(read: bytes, every: int) -> bytes:
    """The schedule with every so-manieth event in a competition that nobody knows."""
    content = json.loads(read)
    for event in content["events"][::every]:
        event["competition"] = {"id": 9999, "name": "League Cup"}
    return json.dumps(content).encode()


async def test_matches_of_a_new_competition_that_the_standings_count_land_with_the_others(
    replica: Replica, settings: ReaderSettings, tmp_path: Path
) -> None:
    whole = await reading(settings)
    serve_bent(replica, tmp_path, lambda body: cup(body, 4))
    read = await reading(settings)
    assert read.outcome is Outcome.READ
    assert len(read.matches) == len(whole.matches)
    assert "the competition 'League Cup' (9999) is new, and the standings count its matches" in read.oddities


async def test_fields_that_nobody_announced_change_nothing(replica: Replica, settings: ReaderSettings) -> None:
    first = await reading(settings)
    replica.knobs(unknown_fields=True)
    read = await reading(settings)
    assert [match.model_copy(update={"observed_at": None}) for match in read.matches] == [
        match.model_copy(update={"observed_at": None}) for match in first.matches
    ]


async def test_where_robots_txt_cannot_be_asked_an_older_copy_holds_and_without_one_nothing_is_read(
    replica: Replica, settings: ReaderSettings
) -> None:
    replica.knobs(robots="500")
    read = await reading(settings)
    assert read.outcome is Outcome.UNREACHABLE
    assert "without its robots.txt nothing is read" in read.detail
    assert {asked["path"] for asked in replica.requests()} == {"/robots.txt"}

    copies = settings.state_dir / "robots"
    copies.mkdir(parents=True)
    copy = copies / f"{httpx.URL(VIEWER).host}.txt"
    copy.write_text("User-agent: *\nDisallow: /admin\n")
    os.utime(copy, (0, 0))
    assert (await reading(settings)).outcome is Outcome.READ

    copy.write_text("User-agent: *\nDisallow: /data\n")
    os.utime(copy, (0, 0))
    assert (await reading(settings)).outcome is Outcome.BLOCKED


async def test_a_crawl_delay_is_kept_between_two_requests_and_a_very_long_one_is_not_waited_for(
    replica: Replica, settings: ReaderSettings
) -> None:
    replica.knobs(robots="crawl-delay")
    schedule, standings = (VIEWER + path for path in document_paths(LEAGUE.key))
    async with Reader(settings) as reader:
        await reader.get(schedule)
        second = asyncio.ensure_future(reader.get(standings))
        await reader.close()
        with pytest.raises(SourceError, match="was closed while it waited"):
            await second
    assert [asked["path"] for asked in replica.requests()] == ["/robots.txt", document_paths(LEAGUE.key)[0]]
    async with Reader(settings.model_copy(update={"max_wait_s": 29})) as reader:
        with pytest.raises(SourceError, match="wants 30 s between requests") as refused:
            await reader.get(schedule)
    assert refused.value.outcome is Outcome.BLOCKED


async def test_requests_carry_a_contact_and_robots_is_asked_once_a_day(
    replica: Replica, settings: ReaderSettings
) -> None:
    await reading(settings)
    await reading(settings)
    asked = replica.requests()
    assert all("+https://" in one["user_agent"] for one in asked)
    assert sum(one["path"] == "/robots.txt" for one in asked) == 1
