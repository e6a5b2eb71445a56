"""The replica with a folder of documents, over real HTTP: hosts, validators, the shell, control, the command line."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from devstack.replica import Replica, launch
from devstack.replica.certificate import MODULAR11, SITE, VIEWER
from devstack.replica.handle import ReplicaFailed
from devstack.replica.viewer import shell

LEAGUE = "mls-next-league-26-27"
SCHEDULE = f"https://{VIEWER}/data/schedule/{LEAGUE}.json"


def event(number: int, **changes: Any) -> dict[str, Any]:
    """One match of two invented clubs, played and scored, in the viewer's format."""
    organisation = {"id": 1, "name": "Harbor FC", "logo_full_path": None}
    return {
        "id": 9_000_000 + number,
        "game_key": str(40_000 + number),
        "start_time": "2026-09-12T14:00:00Z",
        "local_timezone": "America/New_York",
        "home_squad_id": 11,
        "away_squad_id": 12,
        "home_squad_name": "U14",
        "away_squad_name": "U14",
        "home_organisation": organisation,
        "away_organisation": organisation | {"id": 2, "name": "Quarry SC"},
        "competition": {"id": 1605, "name": "League"},
        "competition_bracket_id": None,
        "completed": True,
        "home_score": 2,
        "away_score": 1,
        "home_penalty_shootout_score": None,
        "away_penalty_shootout_score": None,
        "event_location": {"id": 3, "name": "Riverside Park"},
        "division": {"id": 2, "name": "MLS Next"},
        "round_number": None,
    } | changes


def write_feeds(folder: Path, events: list[dict[str, Any]], key: str = LEAGUE) -> Path:
    """A feeds folder with one competition of one bracket."""
    linked = [{"name": "League", "key": key}]
    synced = "2026-10-05T04:40:03Z"
    teams = [
        {"organisation_id": n, "squad_id": 10 + n, "name": name, "logo_url": None}
        for n, name in ((1, "Harbor FC"), (2, "Quarry SC"))
    ]
    bracket = {
        "id": 649,
        "name": "Northeast",
        "gender": "male",
        "age_group": {"id": 37, "name": "U14"},
        "standings": [{"position": n, "team": team, "tiebreaker_values": {}} for n, team in enumerate(teams, 1)],
    }
    documents = {
        "schedule": {"synced_at": synced, "linked_competition_seasons": linked, "events": events},
        "standings": {
            "synced_at": synced,
            "linked_competition_seasons": linked,
            "competition_season": {"name": "League", "key": key, "tiebreakers": [], "competition_brackets": [bracket]},
        },
    }
    for kind, content in documents.items():
        file = folder / "data" / kind / f"{key}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    return folder


@pytest.fixture
def fed(replica: Replica, tmp_path: Path) -> Replica:
    """A replica that serves twenty matches."""
    replica.feeds(write_feeds(tmp_path / "feeds", [event(n) for n in range(20)]))
    return replica


def test_documents_are_served_byte_for_byte_with_their_validators(fed: Replica, tmp_path: Path) -> None:
    answer = fed.get(SCHEDULE)
    assert answer.status_code == 200
    assert answer.content == (tmp_path / f"feeds/data/schedule/{LEAGUE}.json").read_bytes()
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["etag"].startswith('"')
    assert answer.headers["last-modified"].endswith("GMT")
    assert answer.headers["cache-control"] == "public, max-age=240"
    assert "content-encoding" not in answer.headers


def test_a_known_etag_or_date_is_answered_without_a_body(fed: Replica) -> None:
    first = fed.get(SCHEDULE)
    by_tag = fed.get(SCHEDULE, If_None_Match=first.headers["etag"])
    by_date = fed.get(SCHEDULE, If_Modified_Since=first.headers["last-modified"])
    assert [by_tag.status_code, by_date.status_code] == [304, 304]
    assert by_tag.content == b""
    assert fed.get(SCHEDULE, If_None_Match='"another"').status_code == 200
    assert fed.get(SCHEDULE, If_Modified_Since="Mon, 05 Oct 2020 00:00:00 GMT").status_code == 200


def test_a_document_that_changes_on_disk_changes_its_etag(fed: Replica, tmp_path: Path) -> None:
    before = fed.get(SCHEDULE).headers["etag"]
    write_feeds(tmp_path / "feeds", [event(n) for n in range(21)])
    assert fed.get(SCHEDULE, If_None_Match=before).status_code == 200


def test_gzip_only_when_asked_for(fed: Replica) -> None:
    plain = fed.get(SCHEDULE).content
    with fed._client.stream(
        "GET", f"/data/schedule/{LEAGUE}.json", headers={"Host": VIEWER, "Accept-Encoding": "gzip"}
    ) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(b"".join(answer.iter_raw())) == plain


@pytest.mark.parametrize("path", ["data/schedule/mls-next-flex-26-27.json", "data/nothing.json", "", "any/where"])
def test_unknown_keys_and_paths_answer_200_with_the_shell_of_631_bytes(fed: Replica, path: str) -> None:
    answer = fed.get(f"https://{VIEWER}/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert len(answer.content) == 631
    assert answer.content == shell()


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("schedule/all", f"#/schedule/{LEAGUE}"),
        ("schedule/homegrown-division", f"#/schedule/{LEAGUE}"),
        ("schedule/academy_division", "#/schedule/mls-next-2-academy-division-26-27"),
        ("standings/homegrown_division", f"#/standings/{LEAGUE}"),
        ("standings/academy_division", "#/standings/mls-next-2-academy-division-26-27"),
    ],
)
def test_each_outer_page_points_at_its_viewer(fed: Replica, page: str, address: str) -> None:
    answer = fed.get(f"https://{SITE}/mlsnext/{page}/")
    assert answer.status_code == 200
    assert f'data-src="https://{VIEWER}/{address}"' in answer.text
    assert answer.text.count("<iframe") == 1


def test_the_pages_follow_the_newest_season_in_the_folder(replica: Replica, tmp_path: Path) -> None:
    write_feeds(tmp_path / "feeds", [event(1)])
    replica.feeds(write_feeds(tmp_path / "feeds", [event(2)], key="mls-next-league-27-28"))
    assert "mls-next-league-27-28" in replica.get(f"https://{SITE}/mlsnext/schedule/all/").text
    assert "academy-division-27-28" in replica.get(f"https://{SITE}/mlsnext/schedule/academy_division/").text


def test_pages_that_do_not_exist_and_hosts_that_are_not_played(fed: Replica) -> None:
    assert fed.get(f"https://{SITE}/mlsnext/schedule/girls/").status_code == 404
    assert fed.get("https://www.example.com/").status_code == 421
    assert fed.get(f"https://{SITE}/mlsnext/schedule/all").headers["location"] == "/mlsnext/schedule/all/"


def test_robots_txt_stands_on_every_host(fed: Replica) -> None:
    for host in (SITE, VIEWER, MODULAR11):
        assert "User-agent: *" in fed.get(f"https://{host}/robots.txt").text


def test_the_log_says_what_was_asked_with_status_and_bytes(fed: Replica) -> None:
    fed.forget_requests()
    etag = fed.get(SCHEDULE).headers["etag"]
    fed.get(SCHEDULE, If_None_Match=etag, User_Agent="a-test")
    first, second = fed.requests()
    assert (first["host"], first["path"]) == (VIEWER, f"/data/schedule/{LEAGUE}.json")
    assert (first["status"], first["bytes"]) == (200, len(fed.get(SCHEDULE).content))
    assert (second["status"], second["bytes"], second["user_agent"]) == (304, 0, "a-test")
    assert second["if_none_match"] == etag


def test_a_folder_that_cannot_be_served_is_refused_and_the_old_one_stays(fed: Replica, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReplicaFailed, match="does not exist"):
        fed.feeds(tmp_path / "nowhere")
    with pytest.raises(ReplicaFailed, match="holds no document"):
        fed.feeds(tmp_path / "empty")
    assert fed.get(SCHEDULE).headers["content-type"] == "application/json"


def test_the_certificate_is_valid_for_each_host_by_its_own_file(fed: Replica) -> None:
    context = ssl.create_default_context(cafile=str(fed.ca))
    for host in (SITE, VIEWER, MODULAR11, "127.0.0.1"):
        plain = socket.create_connection(("127.0.0.1", fed.port), 10)
        with context.wrap_socket(plain, server_hostname=host) as secure:
            assert secure.version() == "TLSv1.3"
    assert b"PRIVATE" not in fed.ca.read_bytes()


def test_the_command_serves_keeps_its_certificate_and_ends_with_0_on_sigterm(tmp_path: Path) -> None:
    folder = write_feeds(tmp_path / "feeds", [event(1)])
    state = tmp_path / "state"
    with launch(state, "--feeds", str(folder), "--knob", "etag=drop") as replica:
        assert replica.health()["keys"] == [LEAGUE]
        assert "etag" not in replica.get(SCHEDULE).headers
        certificate = replica.ca.read_bytes()
    assert (state / "replica.pem").stat().st_mode & 0o777 == 0o600
    command = [sys.executable, "-m", "devstack.replica", "--port", "0", "--state", str(state), "--feeds", str(folder)]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    assert json.loads(child.stderr.readline())["event"] == "replica serves"
    assert (state / "cert.pem").read_bytes() == certificate
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=30)
    assert child.returncode == 0


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--feeds", "/nowhere/at/all"], 2, "does not exist"),
        (["--knob", "consnt=late"], 2, "no knob 'consnt'"),
        (["--knob", "consent=sometimes"], 2, "sometimes"),
        (["--today", "tomorrow"], 2, "neither a date"),
    ],
)
def test_the_command_refuses_what_it_cannot_serve(tmp_path: Path, options: list[str], code: int, says: str) -> None:
    command = [sys.executable, "-m", "devstack.replica", "--port", "0", "--state", str(tmp_path), *options]
    child = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert child.returncode == code
    assert says in child.stderr


def test_a_taken_port_is_exit_code_5(fed: Replica, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "devstack.replica", "--port", str(fed.port), "--state", str(tmp_path / "other")]
    child = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert child.returncode == 5
    assert f"port {fed.port} is taken" in child.stderr


def test_plain_http_and_a_stranger_who_does_not_trust_it_get_nowhere(fed: Replica) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{fed.port}/", trust_env=False)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"https://127.0.0.1:{fed.port}/", trust_env=False)
