"""The manifests of both clusters, played on this machine: `podman kube play` starts what `kubectl kustomize` renders.

Probes, environment, volumes, ConfigMaps, Secrets, commands and security contexts are the manifests' own. What this
machine cannot be is replaced in one place (`adapted`): it has one network, so addresses and ports are the stack's; its
images are local; podman 4.3 knows no StatefulSet and no CronJob, so their pods are played; and it has no kubelet, so
the test asks each probe as a kubelet would.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from devstack import environments, patient
from devstack.images import UID, Workshop
from devstack.kubernetes.manifests import Object, Workload, cluster, workloads
from devstack.parts import http_ready
from devstack.services import process
from devstack.services.process import NotReady
from devstack.stack import Stack
from devstack.testing.images import outside, own, rights, rows

pytestmark = [pytest.mark.images, pytest.mark.xdist_group("images"), pytest.mark.timeout(600)]

STAYING = (
    "rabbitmq",
    "freeradius",
    "iron-claw-proxy",
    "celery-worker",
    "missing-table-backend",
    "missing-table-frontend",
)
AGENT = "match-scraper-agent"
READY_WITHIN_S = 90


@dataclass
class Node:
    """This machine as a cluster's node: what is played on it, and where what it is not made of listens."""

    shop: Workshop
    stack: Stack
    folder: Path
    wanted: dict[str, Workload]
    configs: dict[str, Object]
    addresses: dict[str, dict[str, str]]
    named_ports: dict[tuple[str, str], int]
    played: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    def podman(self, *argv: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["podman", *map(str, argv)], env=self.shop.environment(), capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, f"podman {shlex.join(map(str, argv))}\n{done.stdout}{done.stderr}"
        return done

    def pod(self, name: str) -> str:
        return f"{self.folder.name}-{name}"

    def container(self, name: str, container: str) -> str:
        return f"{self.pod(name)}-pod-0-{container}" if name != AGENT else f"{self.pod(name)}-{container}"

    def play(self, name: str) -> None:
        """Secrets first, as `kubectl create secret` does; then the workload."""
        pod, secrets = adapted(self, self.wanted[name])
        for secret, text in secrets.items():
            file = process.write_private(self.folder / "secret", text)
            self.podman("secret", "rm", secret, check=False)
            self.podman("secret", "create", secret, file)
            self.secrets.add(secret)
            file.unlink()
        file = self.folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump(pod), encoding="utf-8")
        self.played.append(name)
        self.podman("kube", "play", file)

    def log(self, name: str) -> str:
        """What every container of a pod said."""
        texts = []
        for container in self.wanted[name].containers:
            done = self.podman("logs", "--tail=40", self.container(name, container["name"]), check=False)
            texts.append(f"--- {name}/{container['name']}\n{done.stdout}{done.stderr}")
        return "\n".join(texts)

    def probe(self, name: str, container: Object, probe: Object) -> None:
        """Asks as a kubelet does; NotReady says what did not answer."""
        if "exec" in probe:
            argv = ("exec", self.container(name, container["name"]), *probe["exec"]["command"])
            done = self.podman(*argv, check=False)
            if done.returncode != 0:
                raise NotReady(f"{name}: {probe['exec']['command']} ended with {done.returncode}: {done.stderr[-300:]}")
        elif "httpGet" in probe:
            asked = probe["httpGet"]
            http_ready(f"http://127.0.0.1:{self.named_ports[name, asked['port']]}{asked['path']}")
        else:
            process.connects(self.named_ports[name, probe["tcpSocket"]["port"]])

    def wait(self, name: str, kind: str) -> None:
        """Until the probe of that kind holds for each container, as often as the manifest lets a kubelet ask."""
        for container in self.wanted[name].spec["containers"]:
            probe = container[kind]
            deadline = time.monotonic() + READY_WITHIN_S
            while True:
                try:
                    self.probe(name, container, probe)
                    break
                except NotReady as error:
                    if time.monotonic() > deadline:
                        pytest.fail(f"{kind}: {error}\n{self.log(name)}")
                    time.sleep(0.2)

    def run_agent(self) -> tuple[int, str]:
        """The CronJob's pod to its end; its exit code and what it said."""
        self.play(AGENT)
        container = self.container(AGENT, "agent")
        code = int(self.podman("wait", container).stdout.strip().splitlines()[-1])
        return code, self.podman("logs", container).stdout

    def end(self) -> None:
        for name in reversed(self.played):
            self.podman("kube", "down", self.folder / f"{name}.yaml", check=False)
        for volume in self.podman("volume", "ls", "--quiet", check=False).stdout.split():
            self.podman("volume", "rm", "--force", volume, check=False)
        for secret in self.secrets:
            self.podman("secret", "rm", secret, check=False)


def adapted(node: Node, workload: Workload) -> tuple[Object, dict[str, str]]:
    """The workload as this machine can play it, and its Secrets as `kubectl create secret` would make them."""
    spec = copy.deepcopy(workload.spec)
    spec["hostNetwork"] = True
    here = node.addresses[workload.name]
    secrets: dict[str, dict[str, str]] = {}
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        image = container["image"].rpartition("/")[2].partition(":")[0]
        container["image"] = node.shop.image(image)
        container["imagePullPolicy"] = "Never"
        for kind in ("startupProbe", "livenessProbe", "readinessProbe", "ports"):
            container.pop(kind, None)
        env = []
        for entry in container.get("env", []):
            source = entry.get("valueFrom", {}).get("secretKeyRef")
            if source and entry["name"] in here:
                secrets.setdefault(source["name"], {})[source["key"]] = here[entry["name"]]
            elif source:
                assert source.get("optional"), f"{workload.name}: nothing is known for {entry['name']}"
                continue
            elif entry["name"] in here:
                entry["value"] = here[entry["name"]]
            env.append(entry)
        known = {entry["name"] for entry in env}
        container["env"] = [*env, *({"name": key, "value": here[key]} for key in here if key not in known)]
    for volume in spec.get("volumes", []):
        if "secret" in volume:
            volume["secret"].setdefault("optional", False)  # podman 4.3.1 falls over where it is not said
            secrets[volume["secret"]["secretName"]] = {
                node.stack.rabbitmq.user: node.stack.rabbitmq.password,
                "admin": "of-the-administrator",
            }
    whole_files(node, workload.name, spec)
    for claim in workload.whole["spec"].get("volumeClaimTemplates", []):
        name = claim["metadata"]["name"]
        spec["volumes"].append({"name": name, "persistentVolumeClaim": {"claimName": f"{name}-{workload.name}-0"}})
    kept = {"io.podman.annotations.init.container.type": "always"}  # podman 4.3.1 removes one before it has ended
    meta = {"name": node.pod(workload.name), "labels": workload.labels, "annotations": kept}
    if workload.kind == "CronJob":
        pod: Object = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
    else:
        template = {"metadata": {"labels": workload.labels}, "spec": spec}
        pod = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {
            "replicas": 1, "selector": {"matchLabels": workload.labels}, "template": template}}  # fmt: skip
    mounted = {volume["secret"]["secretName"] for volume in spec.get("volumes", []) if "secret" in volume}
    return pod, {name: _secret(name, data, mounted=name in mounted) for name, data in secrets.items()}


def _secret(name: str, data: dict[str, str], *, mounted: bool) -> str:
    """What podman 4.3 takes for a Secret: mounted, an object whose data it does not decode; else, its data alone."""
    if mounted:
        return yaml.safe_dump({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data})
    return json.dumps({key: base64.b64encode(value.encode()).decode() for key, value in data.items()})


def whole_files(node: Node, name: str, spec: Object) -> None:
    """What podman 4.3 cannot mount of a ConfigMap, a single file (subPath) and files in folders, is laid out here as a
    kubelet would, out of the same object."""
    for volume in [volume for volume in spec["volumes"] if "configMap" in volume]:
        data = node.configs[volume["configMap"]["name"]]["data"]
        folder = node.folder / f"{name}-{volume['name']}"
        for item in volume["configMap"].get("items", [{"key": key, "path": key} for key in data]):
            file = folder / item["path"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(data[item["key"]], encoding="utf-8")
        del volume["configMap"]
        volume["hostPath"] = {"path": str(folder), "type": "Directory"}
        for container in spec["containers"]:
            for mount in [mount for mount in container["volumeMounts"] if mount["name"] == volume["name"]]:
                if part := mount.pop("subPath", None):
                    mount["name"] = part.replace(".", "-")
                    alone = {"path": str(folder / part), "type": "File"}
                    spec["volumes"].append({"name": mount["name"], "hostPath": alone})
    mounted = {mount["name"] for container in spec["containers"] for mount in container.get("volumeMounts", [])}
    spec["volumes"] = [volume for volume in spec["volumes"] if volume["name"] in mounted]


@pytest.fixture(scope="module")
def node(workshop: Workshop) -> Iterator[Node]:
    """Everything that stays up is played and ready, by the manifests' own probes; nothing is read yet."""
    with outside("node") as (folder, stack):
        rendered = [*cluster("rancher-desktop"), *cluster("cloud")]
        addresses, ports = where(stack)
        node = Node(
            workshop,
            stack,
            folder,
            {workload.name: workload for workload in workloads(rendered)},
            {item["metadata"]["name"]: item for item in rendered if item["kind"] == "ConfigMap"},
            addresses,
            ports,
        )
        try:
            for name in STAYING:
                node.play(name)
                node.wait(name, "startupProbe")
            yield node
        finally:
            node.end()


def where(stack: Stack) -> tuple[dict[str, dict[str, str]], dict[tuple[str, str], int]]:
    """What each workload is told of this machine's addresses, ports and secrets, and where its named ports are."""
    ports, free = stack.ports, {name: process.free_port() for name in ("metrics", "prometheus", "dist")}
    backend = environments.backend(stack)
    chosen = ("DATABASE_URL", "DATABASE_DIRECT_URL", "AMQP_URL", "MT_AUTH_KEY", "MT_AUTH_URL", "MT_TODAY")
    backend = {key: backend[key] for key in chosen if backend.get(key)}
    gateway = {key: value for key, value in environments.gateway(stack).items() if key.startswith("IRON_CLAW_")}
    radius = {key: value for key, value in stack.freeradius.environment().items() if key.startswith("RADIUS_")}
    agent = environments.agent(stack, {})
    for values, elsewhere in ((gateway, "IRON_CLAW_STATE_DIR"), (radius, "RADIUS_RADDB"), (agent, "AGENT_STATE_DIR")):
        del values[elsewhere]  # the image's, or the volume's
    addresses = {
        "rabbitmq": {
            "RABBITMQ_LISTEN": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(ports["rabbitmq"]),
            "RABBITMQ_MANAGEMENT_PORT": str(ports["rabbitmq-management"]),
            "RABBITMQ_PROMETHEUS_PORT": str(free["prometheus"]),
            "RABBITMQ_DIST_PORT": str(free["dist"]),
            "ERL_EPMD_PORT": str(stack.rabbitmq.epmd_port),
        },
        "freeradius": {**radius, "RADIUS_HEALTH_HOST": "127.0.0.1"},
        "iron-claw-proxy": gateway,
        "celery-worker": {**backend, "MT_METRICS_PORT": str(free["metrics"])},
        "missing-table-backend": {**backend, "MT_PORT": str(ports["backend"])},
        "missing-table-frontend": {
            "NGINX_LISTEN": f"127.0.0.1:{ports['web']}",
            "NGINX_BACKEND": f"127.0.0.1:{ports['backend']}",
        },
        AGENT: {
            **{key: value for key, value in agent.items() if key.startswith(("AGENT_", "AMQP_"))},
            "AGENT_SOURCE_CA": "/var/lib/match-scraper-agent/replica.pem",
        },
    }
    named = {
        ("rabbitmq", "amqp"): ports["rabbitmq"],
        ("iron-claw-proxy", "http"): ports["proxy"],
        ("celery-worker", "metrics"): free["metrics"],
        ("missing-table-backend", "http"): ports["backend"],
        ("missing-table-frontend", "http"): ports["web"],
    }
    return addresses, named


@pytest.fixture(scope="module")
def landed(node: Node) -> dict[str, Any]:
    """The report of the CronJob's pod, which read the replica's season."""
    volume = node.wanted[AGENT].spec["volumes"][0]["persistentVolumeClaim"]["claimName"]
    node.podman("volume", "create", volume)
    place = own(Path(node.podman("volume", "inspect", "--format", "{{.Mountpoint}}", volume).stdout.strip()))
    shutil.copy(node.stack.data / "replica/cert.pem", place / "replica.pem")  # the source's certificate is a stand-in's
    os.chown(place / "replica.pem", UID, UID)
    code, said = node.run_agent()
    assert code == 0, said
    runs = rows(node.stack, "select tokens_in, targets from runs")
    assert len(runs) == 1, said
    return {"tokens_in": runs[0][0], "targets": runs[0][1]}


def test_every_workload_of_both_clusters_is_played(node: Node) -> None:
    assert set(node.wanted) == {*STAYING, AGENT}


@pytest.mark.parametrize("kind", ["livenessProbe", "readinessProbe"])
@pytest.mark.parametrize("name", STAYING)
def test_it_is_alive_and_ready_by_its_own_probes(node: Node, name: str, kind: str) -> None:
    node.wait(name, kind)


def test_what_the_cron_jobs_pod_reads_is_in_the_database(node: Node, landed: dict[str, Any]) -> None:
    found = sum(target["found"] for target in landed["targets"])
    assert found > 500
    assert rows(node.stack, "select count(*) from matches") == [(found,)]
    assert rows(node.stack, "select count(*) from ingest_rejections") == [(0,)]


def test_the_gateways_pod_had_its_tokens_counted_by_the_radius_pod(node: Node, landed: dict[str, Any]) -> None:
    session = "select acctinputoctets, acctstoptime is not null from radacct"
    assert rows(node.stack, session) == [(landed["tokens_in"], True)]


def test_the_frontends_pod_shows_what_the_backends_pod_knows(node: Node, landed: dict[str, Any]) -> None:
    web = f"http://127.0.0.1:{node.stack.ports['web']}"
    bracket = patient.get(f"{web}/api/brackets").raise_for_status().json()["items"][0]
    page = patient.get(web + bracket["path"], headers={"Accept-Encoding": "identity"}).raise_for_status()
    table = patient.get(f"{web}/api/brackets/{bracket['id']}/table").raise_for_status().json()
    assert table["rows"]
    assert all(row["team"]["name"] in page.text for row in table["rows"])


@pytest.mark.parametrize("name", STAYING)
def test_it_runs_as_nobody_with_nothing(node: Node, name: str) -> None:
    found = json.loads(
        node.podman("inspect", node.container(name, node.wanted[name].spec["containers"][0]["name"])).stdout
    )[0]
    status = rights(found["State"]["Pid"])
    assert status["Uid"].split() == ["10001"] * 4
    assert int(status["CapEff"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert found["HostConfig"]["ReadonlyRootfs"] is True
