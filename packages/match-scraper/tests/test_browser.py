"""Chromium on the replica's mlssoccer.com: consent, the lazy iframe, and what the page itself loads."""

from pathlib import Path

import pytest

from devstack.replica.handle import Replica
from match_contract import League, Season
from match_scraper import Outcome, ReaderSettings, SourceError, discover
from match_scraper.assist.keys import usual_keys

SEASON = Season(2026)
VIEWER = "https://mls-assist.theintelligenceplatform.com"


@pytest.fixture
def settings(replica: Replica, tmp_path: Path) -> ReaderSettings:
    made = ReaderSettings(source_resolve=replica.resolve, source_ca=replica.ca, state_dir=tmp_path / "state")
    if made.chromium is None or not made.chromium.exists():
        pytest.skip(f"there is no Chromium at {made.chromium}")
    return made


@pytest.mark.parametrize(
    "knobs",
    [
        {},
        {"consent": "late"},
        {"consent": "hang"},
        {"consent": "absent"},
        {"consent": "required"},
        {"consent": "required", "consent_size": "full"},
        {"iframe": "slow"},
        {"iframe": "eager"},
        {"iframe": "reloading"},
        {"iframe_size": "zero"},
    ],
    ids=str,
)
async def test_the_viewer_and_its_keys_are_found(
    replica: Replica, settings: ReaderSettings, knobs: dict[str, str]
) -> None:
    replica.knobs(**knobs)
    found = await discover(settings, season=SEASON)
    assert (found.viewer_url, found.browser_used, found.warnings) == (VIEWER, True, ())
    assert [(key.key, key.league) for key in found.keys] == [
        ("mls-next-league-26-27", League.HOMEGROWN),
        ("mls-next-flex-26-27", League.FLEX),
        ("mls-next-2-academy-division-26-27", League.ACADEMY),
    ]


async def test_an_iframe_that_keeps_its_address_in_data_src_is_opened_directly(
    replica: Replica, settings: ReaderSettings
) -> None:
    replica.knobs(iframe="data-src-only")
    found = await discover(settings, season=SEASON)
    assert len(found.keys) == 3
    assert "opened directly" in found.warnings[0]


@pytest.mark.parametrize(
    ("knobs", "outcome", "said"),
    [
        ({"consent": "stuck"}, Outcome.CONSENT_NOT_PASSED, "keeps asking"),
        ({"iframe": "missing"}, Outcome.VIEWER_NOT_FOUND, "no iframe"),
        ({"platform": "unknown"}, Outcome.VIEWER_NOT_FOUND, "next-viewer.mlssoccer.com"),
        ({"platform": "modular11"}, Outcome.VIEWER_NOT_FOUND, "modular11"),
        ({"viewer": "blank"}, Outcome.VIEWER_NOT_FOUND, "none of the documents"),
        ({"viewer": "500"}, Outcome.UNREACHABLE, "500"),
        ({"viewer": "reset"}, Outcome.UNREACHABLE, "does not load"),
        ({"pages": "403"}, Outcome.BLOCKED, "403"),
        ({"pages": "503"}, Outcome.UNREACHABLE, "503"),
    ],
    ids=str,
)
async def test_a_failure_has_its_name_and_its_evidence(
    replica: Replica, settings: ReaderSettings, knobs: dict[str, str], outcome: Outcome, said: str
) -> None:
    replica.knobs(**knobs)
    with pytest.raises(SourceError) as failed:
        await discover(settings, season=SEASON)
    assert failed.value.outcome is outcome
    assert said in failed.value.detail
    assert {file.suffix for file in failed.value.evidence} == {".html", ".png"}
    assert all(file.stat().st_size > 0 for file in failed.value.evidence)


async def test_a_site_that_is_down_is_unreachable(replica: Replica, settings: ReaderSettings) -> None:
    replica.knobs(pages="reset")
    with pytest.raises(SourceError) as failed:
        await discover(settings, season=SEASON)
    assert failed.value.outcome is Outcome.UNREACHABLE


async def test_robots_that_forbid_the_page_keep_the_browser_away(replica: Replica, settings: ReaderSettings) -> None:
    replica.knobs(robots="disallow")
    with pytest.raises(SourceError) as failed:
        await discover(settings, season=SEASON)
    assert failed.value.outcome is Outcome.BLOCKED
    assert [asked["path"] for asked in replica.requests()] == ["/robots.txt"]


async def test_auto_goes_on_with_the_last_known_keys_and_says_so(replica: Replica, settings: ReaderSettings) -> None:
    replica.knobs(pages="500")
    league = usual_keys(SEASON)[:1]
    found = await discover(settings, season=SEASON, browser="auto", last_known=league)
    assert (found.keys, found.browser_used) == (league, False)
    assert "the browser failed" in found.warnings[0]
    assert "last known keys" in found.warnings[0]
    assert found.evidence
    assert all(any(str(file) in warning for warning in found.warnings) for file in found.evidence)


async def test_a_chromium_that_does_not_start_is_named(replica: Replica, settings: ReaderSettings) -> None:
    with pytest.raises(SourceError, match="AGENT_CHROMIUM"):
        await discover(settings.model_copy(update={"chromium": Path("/nowhere/chromium")}), season=SEASON)


async def test_a_driver_that_ends_at_once_is_a_named_failure_too(
    settings: ReaderSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", "/bin/false")
    with pytest.raises(SourceError, match="Playwright's driver does not start") as failed:
        await discover(settings, season=SEASON)
    assert failed.value.outcome is Outcome.VIEWER_NOT_FOUND


async def test_never_starts_no_browser(replica: Replica, settings: ReaderSettings) -> None:
    found = await discover(settings, season=SEASON, browser="never")
    assert found.keys == usual_keys(SEASON)
    assert replica.requests() == []


async def test_where_the_viewers_documents_fail_the_usual_siblings_are_asked_for(
    replica: Replica, settings: ReaderSettings
) -> None:
    replica.knobs(documents="500")
    found = await discover(settings, season=SEASON)
    assert {key.key for key in found.keys} == {key.key for key in usual_keys(SEASON)}
    assert any("answered 500" in warning for warning in found.warnings)
