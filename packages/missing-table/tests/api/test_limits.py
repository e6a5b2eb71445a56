"""How often one may ask, how much one may send, and which pages of other sites may read."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devstack import patient, places
from devstack.services import nginx, process
from missing_table.accounts.queries import UPSERT_ACCOUNT
from missing_table.server.app import create_app
from missing_table.web import gate
from missing_table.web.gate import LARGEST_BODY
from missing_table.web.limits import WINDOW_S, Limit, caller_of
from missing_table.web.schemas import Problem

from .conftest import ADMIN, KEY, SECRET, bearer, running, settings_for
from .test_events_stream import Server, serving

OTHER = {"Origin": "https://club.example"}


@given(st.integers(1, 50), st.lists(st.floats(0, 30), max_size=200))
@example(1, [4.818865438902696, 0.0])
def test_no_caller_gets_more_than_the_quota_and_what_flows_back(quota: int, pauses: list[float]) -> None:
    limit, now_s, allowed = Limit("x", quota), 0.0, 0
    for pause in pauses:
        now_s += pause
        standing = limit.take("somebody", now_s)
        allowed += standing.allowed
        assert allowed <= quota + now_s * quota / WINDOW_S + 1e-6
        assert 0 <= standing.remaining <= quota
        assert 0 <= standing.reset_s <= WINDOW_S
        if not standing.allowed:
            assert limit.take("somebody", now_s + standing.retry_after_s, cost=0).allowed


def test_callers_do_not_count_for_each_other() -> None:
    limit = Limit("x", 1)
    assert [limit.take(caller, 0.0).allowed for caller in ("a", "b", "a")] == [True, True, False]


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unix:", "unix:"),
    ],
)
def test_a_household_of_ipv6_is_one_caller(address: str, caller: str) -> None:
    assert caller_of(address) == caller


@pytest.fixture
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quotas' clock does not move: how long the requests take is no matter."""
    monkeypatch.setattr(gate, "monotonic", lambda: 1000.0)


async def test_an_address_that_asks_too_often_is_told_when_to_come_back(seed: Any, standing_clock: None) -> None:
    async with running(create_app(settings_for(seed.dsn, rate_per_minute=2))) as client:
        left = [(await client.get("/api/seasons")).headers["ratelimit"] for _ in range(2)]
        assert left == ['"address";r=1;t=30', '"address";r=0;t=60']
        refused = await client.get("/api/seasons")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
        assert refused.headers["ratelimit-policy"] == '"address";q=2;w=60'
        assert Problem.model_validate(refused.json()).type.endswith("#quota-exceeded")
        assert refused.headers["access-control-allow-origin"] == "*"
        assert (await client.get("/health/live")).status_code == 200


async def test_a_key_and_an_account_have_quotas_of_their_own(seed: Any, standing_clock: None) -> None:
    seed.execute(UPSERT_ACCOUNT, {"account_id": ADMIN, "role": "admin"})
    settings = settings_for(seed.dsn, key_rate_per_minute=1, jwt_secret=SECRET)
    async with running(create_app(settings)) as client:
        for path, headers in (("/api/agent/sources", {"X-Api-Key": KEY}), ("/api/admin/audit", bearer(ADMIN))):
            first = await client.get(path, headers=headers)
            assert first.status_code == 200
            assert '"key";r=0' in first.headers["ratelimit"]
            second = await client.get(path, headers=headers)
            assert (second.status_code, second.headers["retry-after"]) == (429, "60")


async def test_who_guesses_keys_is_stopped_and_may_still_read(seed: Any) -> None:
    async with running(create_app(settings_for(seed.dsn, refusals_per_minute=2))) as client:
        guesses = [
            (await client.get("/api/agent/sources", headers={"X-Api-Key": f"mt_agent_{'x' * 20}{n}"})).status_code
            for n in range(4)
        ]
        assert guesses == [401, 401, 429, 429]
        assert (await client.get("/api/agent/sources", headers={"X-Api-Key": KEY})).status_code == 429
        assert (await client.get("/api/seasons")).status_code == 200


async def test_public_reads_are_for_any_origin(api: Any, seed: Any) -> None:
    for path in ("/api/seasons", f"/api/brackets/{seed.northeast}/table", "/api/brackets/999999"):
        answer = await api.get(path, headers=OTHER)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "ETag" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers


async def test_a_browser_may_ask_whether_it_may_send_a_validator(api: Any, seed: Any) -> None:
    asked = {**OTHER, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"}
    answer = await api.options(f"/api/brackets/{seed.northeast}/table", headers=asked)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")
    assert "If-None-Match" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/admin/audit"),
        ("GET", "/api/agent/sources"),
        ("GET", "/api/accounts/me"),
        ("PUT", "/api/live/matches/1"),
        ("POST", "/api/accounts/sign-in"),
    ],
)
async def test_what_is_private_is_for_no_other_origin(api: Any, method: str, path: str) -> None:
    asked = {**OTHER, "Access-Control-Request-Method": method}
    for answer in (await api.request(method, path, headers=OTHER), await api.options(path, headers=asked)):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_a_body_that_is_too_large_is_refused_whether_or_not_it_says_so(api: Any, seed: Any) -> None:
    path = f"/api/brackets/{seed.northeast}/what-if"

    async def endless() -> Any:
        for _ in range(LARGEST_BODY // 1024 + 1):
            yield b"x" * 1024

    for more in ({"content": b"x" * (LARGEST_BODY + 1)}, {"content": endless()}):
        answer = await api.post(path, headers={"Content-Type": "application/json"}, **more)
        assert answer.status_code == 413
        assert Problem.model_validate(answer.json()).request_id == answer.headers["x-request-id"]


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"results":' + b"9" * 10_000 + b"}", b"\xff\xfe", b"{"])
async def test_nonsense_in_a_body_is_a_4xx_without_a_trace(api: Any, seed: Any, body: bytes) -> None:
    path = f"/api/brackets/{seed.northeast}/what-if"
    answer = await api.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert "Traceback" not in answer.text
    Problem.model_validate(answer.json())


async def test_a_fault_leaves_no_trace_in_its_answer(seed: Any) -> None:
    app = create_app(settings_for(seed.dsn))

    @app.get("/api/broken")
    async def broken() -> None:
        raise RuntimeError("a secret of the inside")

    async with running(app) as client:
        answer = await client.get("/api/broken", headers={"X-Request-Id": "from-outside-1"})
    problem = Problem.model_validate(answer.json())
    assert (answer.status_code, problem.request_id) == (500, "from-outside-1")
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_an_answer_that_was_kept_has_the_request_id_of_who_asks_now(api: Any) -> None:
    ids = [(await api.get("/api/seasons")).headers.get_list("x-request-id") for _ in range(3)]
    assert [len(found) for found in ids] == [1, 1, 1]
    assert len({found[0] for found in ids}) == 3


@contextmanager
def behind_nginx(server: Server, folder: Path) -> Iterator[str]:
    """Our nginx before a backend, as the stack starts it; its address."""
    front = nginx.Nginx(
        folder, process.free_port(), server.url.removeprefix("http://"), folder / "none", process.account("www-data")
    )
    service = front.service()
    launch = service.launch()
    child = process.spawn(launch, folder / "log")
    try:
        process.wait_ready(service, child, folder / "log")
        yield f"http://127.0.0.1:{front.port}"
    finally:
        process.stop(child, launch)


@pytest.fixture
def served_folder() -> Iterator[Path]:
    """A folder that nginx's account reaches."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="mt-nginx-", dir=places.throwaway_folder()))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_behind_nginx_each_address_has_its_own_quota_and_validators_hold(seed: Any, served_folder: Path) -> None:
    with serving(seed, MT_RATE_PER_MINUTE="3") as server, behind_nginx(server, served_folder) as front:
        path = f"{front}/api/brackets/{seed.northeast}/matches"
        first = patient.get(path, headers={"Accept-Encoding": "gzip", "X-Forwarded-For": "198.51.100.1"})
        assert first.headers["content-encoding"] == "gzip"
        assert first.headers["etag"].startswith('W/"')
        again = patient.get(path, headers={"If-None-Match": first.headers["etag"], "X-Forwarded-For": "198.51.100.1"})
        assert (again.status_code, again.headers["etag"]) == (304, first.headers["etag"])
        for address, left in (("198.51.100.1", 0), ("198.51.100.2", 2)):
            answer = patient.get(path, headers={"X-Forwarded-For": address})
            assert f'"address";r={left};' in answer.headers["ratelimit"]
        refused = patient.get(path, headers={"X-Forwarded-For": "198.51.100.1"})
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0


def test_without_a_backend_nginx_speaks_in_the_same_shape_of_error(served_folder: Path) -> None:
    away = Server(f"http://127.0.0.1:{process.free_port()}", None)  # type: ignore[arg-type]
    with behind_nginx(away, served_folder) as front:
        answers = {
            503: patient.get(f"{front}/api/seasons"),
            413: patient.post(f"{front}/api/brackets/1/what-if", content=b"x" * (1024 * 1024 + 1)),
        }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert Problem.model_validate(answer.json()).status == status
    assert answers[503].headers["retry-after"] == "5"


def test_whose_word_is_not_trusted_cannot_pretend_to_be_many(seed: Any) -> None:
    with serving(seed, MT_RATE_PER_MINUTE="2", MT_TRUSTED_PROXIES="192.0.2.0/24") as server:
        answers = [
            patient.get(f"{server.url}/api/seasons", headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code
            for n in range(3)
        ]
    assert answers == [200, 200, 429]


def test_the_server_ends_with_a_sentence_for_a_quota_that_is_none(seed: Any) -> None:
    import os
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "missing_table.cli", "serve"],
        env={**os.environ, "DATABASE_URL": seed.dsn, "MT_RATE_PER_MINUTE": "-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "MT_RATE_PER_MINUTE" in done.stderr
