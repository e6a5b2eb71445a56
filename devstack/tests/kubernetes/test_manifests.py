"""The manifests of both clusters: rendered by kubectl, strict schemas, our policy, and equal to what they come from."""

import json
import re
import shutil
from pathlib import Path

import pytest

from devstack.kubernetes import manifests, policy
from devstack.kubernetes.manifests import CLUSTERS, Object
from devstack.places import BASE_PORTS, ROOT
from match_scraper_agent.report import DAILY_AT
from missing_table.ingest.worker import HARD_LIMIT_S

from .rendered import everything, one, pod, text

TOPOLOGY = ROOT / "docs" / "infrastructure-topology.md"


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_the_strict_schemas_of_kubernetes_take_every_object(cluster: str) -> None:
    assert manifests.schema_faults(text(cluster)) == []


def test_the_schemas_refuse_an_unknown_field_and_an_unknown_kind() -> None:
    typo = text("cloud").replace("maxUnavailable: 0", "maxUnavailabel: 0")
    assert any("maxUnavailabel" in said for said in manifests.schema_faults(typo))
    custom = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\n"
    assert manifests.schema_faults(custom)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_object_keeps_every_rule(cluster: str) -> None:
    assert policy.faults(everything(cluster)) == []
    assert policy.one_sided(everything(cluster)) == set()


def table(heading: str) -> list[list[str]]:
    """The rows of the first table beneath a heading of the topology document, without its head."""
    section = TOPOLOGY.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_the_arrows_are_those_of_the_topology_document() -> None:
    written = {(start, end, port) for start, end, port, _ in table("The arrows")}
    allowed = {tuple(arrow) for cluster in CLUSTERS for arrow in policy.arrows(everything(cluster))}
    assert allowed == written


def test_the_workloads_are_those_of_the_topology_document() -> None:
    written = {(row[0], row[1], row[2], row[4]) for row in table("What runs where")}
    found = {
        (cluster, work.namespace, work.name, work.kind)
        for cluster in CLUSTERS
        for work in manifests.workloads(everything(cluster))
    }
    assert found == {(cluster.replace("cloud K8s", "cloud"), *rest) for cluster, *rest in written}


def listened(cluster: str, name: str) -> set[str]:
    ports = [port for c in pod(cluster, name)["containers"] for port in c.get("ports", [])]
    return {f"{port['containerPort']}{'/udp' if port.get('protocol') == 'UDP' else ''}" for port in ports}


def test_ports_are_those_of_the_stack_and_of_the_topology_document() -> None:
    for cluster, _, name, _, _, ports in table("What runs where"):
        written = set(re.findall(r"\d{4,5}(?:/udp)?", ports))
        assert listened(cluster.replace("cloud K8s", "cloud"), name) == written, name
    base = {str(port) for port in BASE_PORTS.values()}
    assert {"8100", "3799/udp"} == listened("rancher-desktop", "iron-claw-proxy")
    assert {"8000"} == listened("cloud", "missing-table-backend")
    inside = {"9101", "15692"}  # metrics that the stack on one machine does not open
    used = {
        port.removesuffix("/udp")
        for cluster in CLUSTERS
        for work in manifests.workloads(everything(cluster))
        for port in listened(cluster, work.name)
    }
    assert used - inside <= base


def files_of(config_map: Object) -> dict[str, str]:
    return config_map["data"]


def test_raddb_in_the_cluster_is_the_folder_of_the_stack() -> None:
    folder = ROOT / "deploy" / "freeradius" / "raddb"
    files = {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()}
    data = files_of(one("rancher-desktop", "ConfigMap", r"raddb-\w+"))
    volume = next(v for v in pod("rancher-desktop", "freeradius")["volumes"] if v["name"] == "raddb")["configMap"]
    assert {item["path"]: data[item["key"]] for item in volume["items"]} == files
    assert {item["key"] for item in volume["items"]} == set(data)
    assert volume["defaultMode"] & 0o002 == 0, "FreeRADIUS refuses what others may write"


def test_the_brokers_topology_in_the_cluster_is_the_file_of_the_stack() -> None:
    folder = ROOT / "deploy" / "rabbitmq"
    names = ("definitions.json", "rabbitmq.conf")
    assert files_of(one("rancher-desktop", "ConfigMap", r"rabbitmq-topology-\w+")) == {
        name: (folder / name).read_text("utf-8") for name in names
    }
    assert "users" not in json.loads((folder / "definitions.json").read_text("utf-8"))
    mounts = pod("rancher-desktop", "rabbitmq")["containers"][0]["volumeMounts"]
    assert {f"/etc/rabbitmq/{name}" for name in names} <= {mount["mountPath"] for mount in mounts}


def test_cron_job_reports_and_pages_name_one_hour() -> None:
    job = one("rancher-desktop", "CronJob", "match-scraper-agent")["spec"]
    minute, hour, *rest = job["schedule"].split()
    assert rest == ["*", "*", "*"]
    assert (int(hour), int(minute)) == (DAILY_AT.hour, DAILY_AT.minute)
    assert job["timeZone"] == "Etc/UTC"
    said = f"{DAILY_AT:%H:%M} UTC"
    for file in ("frontend/src/text/en/status.ts", "frontend/src/text/en/about.ts", "docs/agent.md"):
        named = re.findall(r"\b\d\d:\d\d UTC", (ROOT / file).read_text(encoding="utf-8"))
        assert set(named) == {said}, file


def test_the_daily_run_waits_for_a_sleeping_laptop_and_never_runs_twice() -> None:
    job = one("rancher-desktop", "CronJob", "match-scraper-agent")["spec"]
    assert (job["schedule"], job["timeZone"], job["concurrencyPolicy"]) == ("0 14 * * *", "Etc/UTC", "Forbid")
    assert 8 * 3600 <= job["startingDeadlineSeconds"] < 24 * 3600
    assert job["successfulJobsHistoryLimit"] > 0
    assert job["failedJobsHistoryLimit"] > 0
    run = job["jobTemplate"]["spec"]
    assert run["backoffLimit"] == 1
    assert run["activeDeadlineSeconds"] <= 3600
    assert run["podFailurePolicy"]["rules"][0] == {
        "action": "FailJob",
        "onExitCodes": {"containerName": "agent", "operator": "In", "values": [1, 2]},
    }
    agent = run["template"]["spec"]
    shm = next(volume for volume in agent["volumes"] if volume["name"] == "shm")
    assert shm["emptyDir"] == {"medium": "Memory", "sizeLimit": "256Mi"}
    paths = {mount["mountPath"]: mount["name"] for mount in agent["containers"][0]["volumeMounts"]}
    assert paths["/dev/shm"] == "shm"
    claims = [v for v in agent["volumes"] if v["name"] == paths["/var/lib/match-scraper-agent"]]
    assert "persistentVolumeClaim" in claims[0]


def test_the_worker_may_finish_its_task_before_it_is_killed() -> None:
    assert pod("rancher-desktop", "celery-worker")["terminationGracePeriodSeconds"] > HARD_LIMIT_S + 10


def test_there_is_one_gateway_whose_journal_outlives_it() -> None:
    gateway = one("rancher-desktop", "Deployment", "iron-claw-proxy")["spec"]
    assert (gateway["replicas"], gateway["strategy"]["type"]) == (1, "Recreate")
    assert gateway["template"]["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] == "iron-claw-journal"


def test_two_gateways_have_a_name_and_a_journal_each_and_share_their_budgets() -> None:
    assert manifests.schema_faults(text("two-gateways")) == []
    assert policy.faults(everything("two-gateways")) == []
    gateway = one("two-gateways", "StatefulSet", "iron-claw-proxy")["spec"]
    container = gateway["template"]["spec"]["containers"][0]
    env = {each["name"]: each for each in container["env"]}
    assert gateway["replicas"] == 2
    assert [claim["metadata"]["name"] for claim in gateway["volumeClaimTemplates"]] == ["journal"]
    assert env["IRON_CLAW_NAS_IDENTIFIER"]["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
    assert env["IRON_CLAW_SLICES"]["value"] == "true"
    assert env["IRON_CLAW_RADIUS_HOST"] == env_of_one()["IRON_CLAW_RADIUS_HOST"]
    assert (
        container["lifecycle"]["preStop"]["sleep"]["seconds"]
        < gateway["template"]["spec"]["terminationGracePeriodSeconds"]
    )
    kinds = {(o["kind"], o["metadata"]["name"]) for o in everything("two-gateways")}
    assert not kinds & {("Deployment", "iron-claw-proxy"), ("PersistentVolumeClaim", "iron-claw-journal")}


def env_of_one() -> Object:
    return {each["name"]: each for each in pod("rancher-desktop", "iron-claw-proxy")["containers"][0]["env"]}


def test_the_broker_keeps_its_queues_and_gets_its_users_from_a_secret() -> None:
    broker = one("rancher-desktop", "StatefulSet", "rabbitmq")["spec"]
    assert [claim["metadata"]["name"] for claim in broker["volumeClaimTemplates"]] == ["data"]
    users = next(volume for volume in broker["template"]["spec"]["volumes"] if volume["name"] == "users")
    assert users["secret"]["secretName"] == "rabbitmq-users"


def test_the_api_migrates_before_it_serves_and_keeps_serving_while_it_changes() -> None:
    for name in ("missing-table-backend", "missing-table-frontend"):
        deployment = one("cloud", "Deployment", name)["spec"]
        assert deployment["replicas"] == 2
        assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
        assert one("cloud", "PodDisruptionBudget", name)["spec"]["maxUnavailable"] == 1
    first = pod("cloud", "missing-table-backend")["initContainers"][0]
    assert first["command"] == ["missing-table", "migrate"]
    assert first["image"] == pod("cloud", "missing-table-backend")["containers"][0]["image"]


def test_what_differs_between_providers_stands_in_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "cloud"
    shutil.copytree(ROOT / "deploy" / "cloud", folder, ignore=shutil.ignore_patterns("secrets"))
    settings = {
        "HOST": "table.example.org",
        "REGISTRY": "images.example.org",
        "INGRESS_CLASS": "traefik",
        "INGRESS_NAMESPACE": "traefik-system",
        "CLUSTER_ISSUER": "own-issuer",
        "POD_NETWORK": "172.20.0.0/14",
    }
    (folder / "settings.env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    before = (ROOT / "deploy" / "cloud" / "settings.env").read_text(encoding="utf-8")
    assert set(re.findall(r"^([A-Z_]+)=", before, re.MULTILINE)) == set(settings)
    every = manifests.objects(manifests.render(folder))
    ingress = next(o for o in every if o["kind"] == "Ingress")
    assert ingress["spec"]["ingressClassName"] == "traefik"
    assert ingress["spec"]["rules"][0]["host"] == ingress["spec"]["tls"][0]["hosts"][0] == "table.example.org"
    assert ingress["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "own-issuer"
    images = {c["image"] for work in manifests.workloads(every) for c in work.containers}
    assert images == {f"images.example.org/missing-table/{name}:0.1.0" for name in ("backend", "frontend")}
    assert {"traefik-system/*"} == {arrow.start for arrow in policy.arrows(every) if "traefik" in arrow.start}
    backend = next(work for work in manifests.workloads(every) if work.name == "missing-table-backend")
    assert {"name": "MT_PUBLIC_URL", "value": "https://table.example.org"} in backend.spec["containers"][0]["env"]
    assert {"name": "MT_TRUSTED_PROXIES", "value": "172.20.0.0/14"} in backend.spec["containers"][0]["env"]
    assert not re.search(r"\b(HOST|REGISTRY|INGRESS_CLASS|INGRESS_NAMESPACE|CLUSTER_ISSUER)\b(?!:)", str(ingress))


def test_the_sites_address_is_the_same_wherever_it_stands_and_the_document_names_each_place() -> None:
    cloud = ROOT / "deploy" / "cloud" / "settings.env"
    host = re.search(r"^HOST=(\S+)$", cloud.read_text(encoding="utf-8"), re.MULTILINE)
    assert host
    files = [path for path in (*(ROOT / "deploy").rglob("*"), ROOT / "envs" / ".env.prod") if path.is_file()]
    named = {str(path.relative_to(ROOT)) for path in files if host[1] in path.read_text(encoding="utf-8")}
    elsewhere = {"deploy/rancher-desktop/agent.yaml", "envs/.env.prod", "deploy/grafana/prometheus-cloud.yml"}
    assert named == {"deploy/cloud/settings.env", "deploy/grafana/alerts.test.yml"} | elsewhere
    written = TOPOLOGY.read_text(encoding="utf-8")
    assert not [name for name in elsewhere if f"`{name}`" not in written]


def test_the_document_names_every_port_of_the_stack_on_one_machine() -> None:
    ports = set(re.findall(r"\b\d{4,5}\b", TOPOLOGY.read_text(encoding="utf-8")))
    assert {str(port) for port in BASE_PORTS.values()} <= ports


def references(every: list[Object]) -> dict[str, set[str]]:
    """Secrets that pods read, by `namespace.name`, with their keys; a whole mounted one has the key *."""
    found: dict[str, set[str]] = {}
    for work in manifests.workloads(every):
        for c in work.containers:
            for variable in c.get("env", []):
                if ref := variable.get("valueFrom", {}).get("secretKeyRef"):
                    found.setdefault(f"{work.namespace}.{ref['name']}", set()).add(ref["key"])
        for volume in work.spec.get("volumes", []):
            if "secret" in volume:
                found.setdefault(f"{work.namespace}.{volume['secret']['secretName']}", set()).add("*")
    return found


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_secret_has_an_example_that_holds_none(cluster: str) -> None:
    folder = ROOT / "deploy" / cluster / "secrets.example"
    examples = {}
    for file in folder.glob("*.env"):
        lines = [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#")]
        pairs = dict(line.split("=", 1) for line in lines)
        assert all(v == "" or "PASSWORD" in v or (k, v) == ("db-user", "radius") for k, v in pairs.items()), file.name
        examples[file.stem] = set(pairs)
    wanted = references(everything(cluster))
    assert set(wanted) == set(examples)
    for name, keys in wanted.items():
        assert keys in (examples[name], {"*"}), name


ADDRESS = re.compile(r"\b([a-z][a-z-]*)\.(match-scraper|iron-claw|missing-table)\.svc\.cluster\.local(?::(\d+))?")


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_every_address_that_a_pod_is_given_is_a_service_of_its_cluster_and_may_be_called(cluster: str) -> None:
    every = everything(cluster)
    services = {
        (o["metadata"]["name"], o["metadata"]["namespace"]): {p["port"] for p in o["spec"]["ports"]}
        for o in every
        if o["kind"] == "Service"
    }
    allowed = {(arrow.start, arrow.end) for arrow in policy.arrows(every)}
    seen = 0
    for work in manifests.workloads(every):
        folder = ROOT / "deploy" / cluster / "secrets.example"
        secrets = [name for name in references([work.whole]) if (folder / f"{name}.env").exists()]
        given = [v.get("value", "") for c in work.containers for v in c.get("env", [])]
        given += [(folder / f"{name}.env").read_text(encoding="utf-8") for name in secrets]
        for name, space, port in ADDRESS.findall("\n".join(given)):
            assert not port or int(port) in services[name, space], (work.name, name, port)
            assert (f"{work.namespace}/{work.name}", f"{space}/{name}") in allowed
            seen += 1
    assert seen >= (1 if cluster == "cloud" else 5)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_ports_are_those_that_the_images_open(cluster: str) -> None:
    for work in manifests.workloads(everything(cluster)):
        image = work.containers[-1]["image"].rpartition("/")[2].partition(":")[0]
        recipe = (ROOT / "deploy" / "images" / image / "Dockerfile").read_text(encoding="utf-8")
        opened = re.search(r"^EXPOSE (.*)$", recipe, re.MULTILINE)
        ports = {port.removesuffix("/tcp") for port in opened[1].split()} if opened else set()
        assert listened(cluster, work.name) == ports, work.name
