"""Where nothing can be installed: the same run and the same page out of Python packages alone."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from devstack import patient, places
from devstack.testing import free_offset, run_mt, stack_environment

FEEDS = places.shared_folder() / "data" / "feeds"


@pytest.mark.stack
@pytest.mark.xdist_group("embedded")
@pytest.mark.timeout(600)
@pytest.mark.skipif(not FEEDS.is_dir(), reason=f"the shared feeds are not at {FEEDS} (MT_SHARED names their folder)")
def test_an_embedded_run_lands_the_same_matches_and_serves_the_same_page() -> None:
    data, offset, environment = (
        places.throwaway_folder() / f"mt-e-{uuid4().hex[:8]}",
        free_offset(),
        stack_environment(),
    )
    where = ["--data", str(data), "--port-offset", str(offset), "--json"]
    try:
        done = run_mt("run", "--embedded", "--feeds", str(FEEDS), *where, timeout_s=500, environment=environment)
        assert done.returncode == 0, done.stderr
        run = json.loads(done.stdout)
        assert sum(target["inserted"] for target in run["run"]["targets"]) == 992
        status = json.loads(run_mt("status", *where, environment=environment).stdout)
        assert status["embedded"] is True
        assert {part["name"] for part in status["services"]}.isdisjoint({"rabbitmq", "freeradius", "nginx", "worker"})
        brackets = patient.get(f"{run['web']}api/brackets", params={"age_group": "U14", "division": "Florida"}).json()
        page = patient.get(run["web"].rstrip("/") + brackets["items"][0]["path"])
        leader = patient.get(f"{run['web']}api/brackets/{brackets['items'][0]['id']}/table").json()["rows"][0]
        assert leader["team"]["name"] in page.text
    finally:
        run_mt("down", "--wipe", *where, environment=environment)
        data.rmdir()
