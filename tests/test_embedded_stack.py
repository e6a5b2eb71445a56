"""Where nothing can be installed: the same run and the same page out of Python packages alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from devstack import patient, places
from devstack.testing import RunningStack, free_offset, stack_environment

FEEDS = places.shared_folder() / "data" / "feeds"

pytestmark = [
    pytest.mark.stack,
    pytest.mark.xdist_group("embedded"),
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not FEEDS.is_dir(), reason=f"the shared feeds are not at {FEEDS} (MT_SHARED names their folder)"
    ),
]


@pytest.fixture(scope="module")
def embedded() -> Iterator[RunningStack]:
    """A state folder and ports of this module's own; nothing runs there yet."""
    stack = RunningStack(places.throwaway_folder() / f"mt-e-{uuid4().hex[:8]}", free_offset(), stack_environment())
    try:
        yield stack
    finally:
        stack.mt("down", "--wipe")
        stack.data.rmdir()


@pytest.fixture(scope="module")
def first_run(embedded: RunningStack) -> dict[str, Any]:
    """What the first run printed."""
    done = embedded.mt("run", "--embedded", "--feeds", str(FEEDS), "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_an_embedded_run_lands_the_same_matches_and_serves_the_same_page(
    embedded: RunningStack, first_run: dict[str, Any]
) -> None:
    assert sum(target["inserted"] for target in first_run["run"]["targets"]) == 992
    status = embedded.json("status")
    assert status["embedded"] is True
    assert {part["name"] for part in status["services"]}.isdisjoint({"rabbitmq", "freeradius", "nginx", "worker"})
    web = first_run["web"]
    brackets = patient.get(f"{web}api/brackets", params={"age_group": "U14", "division": "Florida"}).json()
    page = patient.get(web.rstrip("/") + brackets["items"][0]["path"])
    leader = patient.get(f"{web}api/brackets/{brackets['items'][0]['id']}/table").json()["rows"][0]
    assert leader["team"]["name"] in page.text


@pytest.mark.parametrize(("script", "said"), [("preflight.sh", "0 failed"), ("trigger.sh", "== exit code 0")])
def test_the_scripts_need_no_browser_and_ask_no_proxy_for_this_machine(
    embedded: RunningStack, first_run: dict[str, Any], script: str, said: str
) -> None:
    """AGENT_CHROMIUM names no Chromium; whoever asked the environment's proxy for the replica would get no answer."""
    assert first_run["exit_code"] == 0
    bare = {
        "AGENT_CHROMIUM": "/no/such/chromium",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    where = ["--data", str(embedded.data), "--port-offset", str(embedded.port_offset)]
    done = subprocess.run(
        [str(places.ROOT / "scripts" / script), "local", *where],
        env={**embedded.environment, **bare, "NO_PROXY": "", "no_proxy": ""},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert said in told
    assert "PASS  browser: none is needed" in told
    assert "PASS  source" in told
    assert "FAIL" not in told
