"""The pipeline through our images, each as the cluster runs it: read-only root, user 10001, no capability.

PostgreSQL, the replica and the scripted Anthropic are the stack's own; everything that deploys is a container. The
tests follow each other on one set of containers, in the order in which they stand here.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from devstack import environments, patient
from devstack.images import IMAGES, Workshop
from devstack.parts import http_ready
from devstack.services import process
from devstack.services.freeradius import status_server
from devstack.services.process import Launch, NotReady, Service
from devstack.stack import Stack
from devstack.testing.images import Rabbit4, env_file, outside, own, rights, rows

pytestmark = [pytest.mark.images, pytest.mark.xdist_group("images"), pytest.mark.timeout(600)]

GRACE_S = {"worker": 130, "iron-claw-proxy": 25, "rabbitmq": 60, "backend": 15, "frontend": 15, "freeradius": 10}
PREFIXES = ("MT_", "DATABASE_", "AMQP_", "IRON_CLAW_", "AGENT_", "RADIUS_")


@dataclass
class Fleet:
    """Every container of one run, and the stack beside them whose addresses and secrets they are told."""

    shop: Workshop
    stack: Stack
    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def container(self, name: str) -> str:
        return f"mt-{self.folder.name}-{name}"

    def environment(self, name: str, values: dict[str, str]) -> Path:
        """What the stack tells a process, without what comes from this machine alone."""
        mine = {key: value for key, value in values.items() if key.startswith((*PREFIXES, "NGINX_"))}
        return env_file(self.folder / f"{name}.env", mine)

    def start(self, name: str, values: dict[str, str], ready: Callable[[], None], **how: Any) -> None:
        """Starts one and returns when it answers."""
        argv = self.shop.run_argv(name, container=self.container(name), env_file=self.environment(name, values), **how)
        self.supervise(Service(name, partial(Launch, argv, self.shop.environment(), self.folder), ready))

    def supervise(self, service: Service) -> None:
        log = self.log(service.name)
        self.running[service.name] = child = process.spawn(service.launch(), log)
        process.wait_ready(service, child, log)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def stop(self, name: str) -> int:
        """SIGTERM by way of `podman stop`; the container's exit code, 137 when it did not end in its time."""
        argv = ["podman", "stop", f"--time={GRACE_S[name]}", self.container(name)]
        subprocess.run(argv, env=self.shop.environment(), capture_output=True, check=True)
        return self.running.pop(name).wait(30)

    def end(self) -> None:
        """Removes whatever is left."""
        for name, child in self.running.items():
            argv = ["podman", "rm", "--force", "--ignore", "--time=5", self.container(name)]
            subprocess.run(argv, env=self.shop.environment(), capture_output=True, check=False)
            with suppress(subprocess.TimeoutExpired):
                child.wait(30)

    def agent(self, *command: str) -> tuple[int, Any, str]:
        """One agent run in its image: exit code, its JSON, its log."""
        state = own(self.folder / "agent")
        values = environments.agent(self.stack, {}) | {"AGENT_SOURCE_CA": "/replica.pem"}
        del values["AGENT_STATE_DIR"]
        argv = self.shop.run_argv(
            "agent",
            container=self.container("agent"),
            env_file=self.environment("agent", values),
            volumes={state: "/var/lib/match-scraper-agent", self.stack.data / "replica/cert.pem": "/replica.pem:ro"},
            tmpfs=("/tmp",),
            options=("--shm-size=256m",),
            command=command,
        )
        done = subprocess.run(
            argv, env=self.shop.environment(), capture_output=True, text=True, timeout=300, check=False
        )
        try:
            return done.returncode, json.loads(done.stdout), done.stderr
        except json.JSONDecodeError:
            pytest.fail(f"the agent's image ended with {done.returncode} and printed:\n{done.stdout}\n{done.stderr}")


@pytest.fixture(scope="module")
def fleet(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Everything up: three servers and three programs of ours outside, six containers, and nothing read yet."""
    with outside("fleet") as (folder, stack):
        fleet = Fleet(workshop, stack, folder)
        try:
            start_all(fleet)
            yield fleet
        finally:
            fleet.end()


def start_all(fleet: Fleet) -> None:
    stack, ports = fleet.stack, fleet.stack.ports
    node = Rabbit4(
        fleet.shop,
        fleet.folder / "rabbitmq",
        stack.rabbitmq,
        "of-the-administrator",
        process.free_port(),
        process.free_port(),
    )
    service = node.service()
    fleet.supervise(Service("rabbitmq", service.launch, service.ready, ready_within_s=90))
    radius = {key: value for key, value in stack.freeradius.environment().items() if key != "RADIUS_RADDB"}
    radius["RADIUS_HEALTH_HOST"] = "127.0.0.1"
    fleet.start(
        "freeradius",
        radius,
        partial(status_server, ("127.0.0.1", ports["radius-auth"]), stack.secrets.radius.encode()),
    )
    gateway = {key: value for key, value in environments.gateway(stack).items() if key != "IRON_CLAW_STATE_DIR"}
    fleet.start(
        "iron-claw-proxy",
        gateway,
        partial(http_ready, f"http://127.0.0.1:{ports['proxy']}/health"),
        volumes={own(fleet.folder / "journal"): "/var/lib/iron-claw"},
        tmpfs=("/tmp",),
    )
    metrics = process.free_port()
    fleet.start(
        "worker",
        environments.backend(stack) | {"MT_METRICS_PORT": str(metrics)},
        partial(consumes, node),
        tmpfs=("/tmp",),
    )
    fleet.start(
        "backend",
        environments.backend(stack) | {"MT_PORT": str(ports["backend"])},
        partial(http_ready, f"{stack.api_url}/health/ready"),
        tmpfs=("/tmp",),
    )
    web = {"NGINX_LISTEN": f"127.0.0.1:{ports['web']}", "NGINX_BACKEND": f"127.0.0.1:{ports['backend']}"}
    fleet.start(
        "frontend", web, partial(http_ready, f"http://127.0.0.1:{ports['web']}/nginx-health"), tmpfs=("/run/nginx",)
    )


def consumes(node: Rabbit4) -> None:
    with node.management() as client:
        consumers = client.get("/api/consumers/%2F").raise_for_status().json()
    if not any(consumer["queue"]["name"] == "matches" for consumer in consumers):
        raise NotReady("nothing consumes the queue matches yet")


@pytest.fixture(scope="module")
def landed(fleet: Fleet) -> dict[str, Any]:
    """The report of one agent run through all of them."""
    code, report, log = fleet.agent("run", "--json")
    assert code == 0, f"{json.dumps(report, indent=1)}\n{log}"
    return dict(report)


def test_what_the_agent_image_reads_the_worker_image_lands(fleet: Fleet, landed: dict[str, Any]) -> None:
    found = sum(target["found"] for target in landed["targets"])
    assert found > 500
    assert sum(target["inserted"] for target in landed["targets"]) == found
    assert {target["outcome"] for target in landed["targets"]} == {"landed"}
    assert rows(fleet.stack, "select count(*) from matches") == [(found,)]
    assert rows(fleet.stack, "select count(*) from ingest_rejections") == [(0,)]


def test_chromium_of_the_agent_image_found_the_viewer(fleet: Fleet, landed: dict[str, Any]) -> None:
    assert landed["warnings"] == []
    looked = [request for request in replica_requests(fleet) if "/mlsnext/schedule/" in request["path"]]
    assert looked, "nobody opened the schedule page"
    assert "Chrome" in looked[0]["user_agent"]


def replica_requests(fleet: Fleet) -> list[dict[str, Any]]:
    address = f"https://127.0.0.1:{fleet.stack.ports['replica']}/__replica/requests"
    return list(patient.get(address, verify=False).raise_for_status().json())


def test_the_gateway_and_the_radius_images_counted_the_models_tokens(fleet: Fleet, landed: dict[str, Any]) -> None:
    assert landed["tokens_in"] > 0
    session = "select acctinputoctets, acctoutputoctets, acctstoptime is not null from radacct"
    assert rows(fleet.stack, session) == [(landed["tokens_in"], landed["tokens_out"], True)]


def test_the_page_of_the_frontend_image_carries_the_table_that_the_backend_image_made(
    fleet: Fleet, landed: dict[str, Any]
) -> None:
    web = f"http://127.0.0.1:{fleet.stack.ports['web']}"
    bracket = patient.get(f"{web}/api/brackets").raise_for_status().json()["items"][0]
    table = patient.get(f"{web}/api/brackets/{bracket['id']}/table").raise_for_status().json()
    page = patient.get(web + bracket["path"], headers={"Accept-Encoding": "identity"}).raise_for_status()
    assert table["rows"]
    for row in table["rows"]:
        assert row["team"]["name"] in page.text
    assert "<!--#" not in page.text
    script = page.text.partition('src="/assets/')[2].partition('"')[0]
    asset = patient.get(f"{web}/assets/{script}", headers={"Accept-Encoding": "br"}).raise_for_status()
    assert asset.headers["content-encoding"] == "br"
    assert "immutable" in asset.headers["cache-control"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("name", [name for name in IMAGES if name != "agent"])
def test_its_first_process_has_no_rights(fleet: Fleet, name: str) -> None:
    inspect = ["podman", "inspect", "--format", "{{.State.Pid}}", fleet.container(name)]
    pid = subprocess.run(inspect, env=fleet.shop.environment(), capture_output=True, text=True, check=True).stdout
    status = rights(int(pid))
    assert status["Uid"].split() == ["10001"] * 4
    assert status["Gid"].split() == ["10001"] * 4
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"


@pytest.mark.parametrize("name", ["worker", "iron-claw-proxy", "freeradius", "rabbitmq", "backend"])
def test_its_health_check_holds(fleet: Fleet, name: str) -> None:
    image = json.loads(fleet.shop.call("podman", "image", "inspect", fleet.shop.image(name)))[0]
    kind, *argv = image["Healthcheck"]["Test"]
    assert kind == "CMD"
    done = subprocess.run(
        ["podman", "exec", fleet.container(name), *argv],
        env=fleet.shop.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_secret_fails_the_radius_health_check(fleet: Fleet) -> None:
    done = subprocess.run(
        ["podman", "exec", "--env", f"RADIUS_SECRET={uuid4().hex}", fleet.container("freeradius"), "healthy"],
        env=fleet.shop.environment(),
        capture_output=True,
        check=False,
    )
    assert done.returncode != 0


def test_the_worker_image_shows_its_metrics_beyond_loopback(fleet: Fleet, landed: dict[str, Any]) -> None:
    port = next(
        line.partition("=")[2]
        for line in (fleet.folder / "worker.env").read_text().splitlines()
        if line.startswith("MT_METRICS_PORT=")
    )
    listening = Path("/proc/net/tcp").read_text()
    assert f"00000000:{int(port):04X}" in listening
    text = patient.get(f"http://127.0.0.1:{port}/metrics").raise_for_status().text
    assert 'mt_ingest_matches_total{outcome="inserted"}' in text


def test_the_rabbitmq_image_is_version_4_with_our_topology_and_users(fleet: Fleet) -> None:
    stack = fleet.stack
    login = ("admin", "of-the-administrator")
    with patient.Client(base_url=stack.rabbitmq.management_url, auth=login) as client:
        assert client.get("/api/overview").json()["rabbitmq_version"].startswith("4.")
        wanted = json.loads((Path(__file__).parents[2] / "deploy/rabbitmq/definitions.json").read_text())
        queues = {queue["name"]: queue["arguments"] for queue in client.get("/api/queues/%2F").json()}
        assert {queue["name"]: queue["arguments"] for queue in wanted["queues"]}.items() <= queues.items()
        users = {user["name"]: user["tags"] for user in client.get("/api/users").json()}
        assert users == {"admin": ["administrator"], stack.rabbitmq.user: []}


@pytest.mark.parametrize("name", list(GRACE_S))
def test_sigterm_ends_it_in_good_order(fleet: Fleet, landed: dict[str, Any], name: str) -> None:
    assert fleet.stop(name) == 0, fleet.log(name).read_text()[-2000:]
