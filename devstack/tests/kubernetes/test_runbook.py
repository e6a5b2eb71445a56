"""The kubectl commands of docs/operations.md: each names a cluster and something that is there, and could work."""

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
import yaml

from devstack.images import RECIPES, version
from devstack.kubernetes import manifests, policy
from devstack.kubernetes.manifests import Object
from devstack.places import ROOT

OPERATIONS = ROOT / "docs" / "operations.md"
AGENT_STATE = ROOT / "deploy" / "rancher-desktop" / "by-hand" / "agent-state.yaml"
CONTEXTS = {"$AGENT_KUBE_CONTEXT": "rancher-desktop", "$CLOUD_KUBE_CONTEXT": "cloud"}
COMMAND = re.compile(r"^(kubectl [^\n#]*)|`(kubectl [^`]*)`", re.MULTILINE)
SHORT = {"deploy": "Deployment", "cronjob": "CronJob", "pod": "Pod", "pvc": "PersistentVolumeClaim", "secret": "Secret"}
NEEDS = {
    "dead": "AMQP_URL",
    "quarantine": "DATABASE_URL",
    "usage": "IRON_CLAW_DATABASE_URL",
    "users": "IRON_CLAW_DATABASE_URL",
}
"""What a command of ours cannot do without."""


def commands(text: str) -> list[str]:
    """Every call of kubectl in a text, of its blocks and of its lines; what only names the program is none."""
    found = [block or inline for block, inline in COMMAND.findall(text)]
    return [command.strip() for command in found if command.strip() not in ("kubectl kustomize DIR",)]


@cache
def there(cluster: str) -> set[tuple[str, str, str]]:
    """(namespace, kind, name) of what a cluster has: the manifests, and what comes of them or is made by hand."""
    found = {("match-scraper", "Pod", "agent-state")} if cluster == "rancher-desktop" else set()
    for item in manifests.cluster(cluster):
        space, kind, name = item["metadata"].get("namespace", ""), item["kind"], item["metadata"]["name"]
        found.add((space, kind, name))
        if kind == "StatefulSet":
            found.add((space, "Pod", f"{name}-0"))
            found |= {
                (space, "PersistentVolumeClaim", f"{claim['metadata']['name']}-{name}-0")
                for claim in item["spec"]["volumeClaimTemplates"]
            }
    for file in (ROOT / "deploy" / cluster / "secrets.example").glob("*.env"):
        space, _, name = file.stem.partition(".")
        found.add((space, "Secret", name))
    return found


def container(cluster: str, space: str, name: str) -> Object:
    """The one container of a Deployment: kubectl exec takes no other."""
    works = manifests.workloads(manifests.cluster(cluster))
    (only,) = next(w.spec["containers"] for w in works if (w.namespace, w.kind, w.name) == (space, "Deployment", name))
    assert isinstance(only, dict)
    return only


def faults(command: str) -> list[str]:
    """What is wrong with one call; empty means that it could work."""
    words = shlex.split(command)
    if words[1] != "--context" or words[2] not in CONTEXTS or words[3] != "-n":
        return ["does not begin with --context and a cluster's variable, and -n"]
    cluster, space = CONTEXTS[words[2]], words[4]
    objects, verb, rest = there(cluster), words[5], words[6:]
    if space not in {name for _, kind, name in objects if kind == "Namespace"}:
        return [f"there is no namespace {space} in {cluster}"]
    rest, inside = (rest[: rest.index("--")], rest[rest.index("--") + 1 :]) if "--" in rest else (rest, [])
    named = [word for word in rest if re.fullmatch(r"[a-z]+/[A-Za-z0-9-]+", word)]
    if verb == "create":
        named = [f"{rest[0]}/{rest[2]}"]
    found = [
        f"there is no {word} in {space}"
        for word in named
        if word != "job/NAME" and (space, SHORT.get(word.partition("/")[0]), word.partition("/")[2]) not in objects
    ]
    for word in rest:
        if word.startswith("app.kubernetes.io/name="):
            works = manifests.workloads(manifests.cluster(cluster))
            if not any(
                word == f"app.kubernetes.io/name={w.labels[policy.NAME]}" for w in works if w.namespace == space
            ):
                found.append(f"nothing is labelled {word}")
        if word.startswith("deploy/") and word.endswith(".yaml") and not (ROOT / word).is_file():
            found.append(f"there is no file {word}")
    if not named and not (verb in ("get", "apply") or "-l" in rest):
        found.append("names no object")
    if verb == "exec":
        running = container(cluster, space, named[0].partition("/")[2])
        image = running["image"].rpartition("/")[2].partition(":")[0]
        recipe = (RECIPES / image / "Dockerfile").read_text(encoding="utf-8")
        if f'ENTRYPOINT ["{inside[0]}"]' not in recipe:
            found.append(f"the image {image} has no {inside[0]}")
        elif NEEDS[inside[1]] not in {variable["name"] for variable in running["env"]}:
            found.append(f"{named[0]} is not told {NEEDS[inside[1]]}")
    return found


def test_every_command_of_the_runbook_names_a_cluster_and_what_is_there() -> None:
    found = commands(OPERATIONS.read_text(encoding="utf-8"))
    assert {shlex.split(command)[5] for command in found} >= {"exec", "logs", "describe", "rollout", "scale", "patch"}
    assert {command: faults(command) for command in found if faults(command)} == {}


def test_commands_that_reach_the_broker_or_the_books_are_given_where_they_work() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    inside = r'"\$AGENT_KUBE_CONTEXT" -n \S+ exec deploy/\S+ -- '
    bare = re.findall(r"`((?:missing-table (?:dead|quarantine)|iron-claw) [a-z]+[^`]*)`", re.sub(inside, "", text))
    assert not [command for command in bare if f"-- {command}" not in text]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("kubectl … -n match-scraper logs pod/rabbitmq-0", "does not begin"),
        ('kubectl --context "$CLOUD_KUBE_CONTEXT" -n match-scraper logs pod/rabbitmq-0', "no namespace"),
        ('kubectl --context "$AGENT_KUBE_CONTEXT" -n match-scraper logs pod/rabbitmq-1', "no pod/rabbitmq-1"),
        ('kubectl --context "$AGENT_KUBE_CONTEXT" -n match-scraper logs', "names no object"),
        (
            'kubectl --context "$AGENT_KUBE_CONTEXT" -n iron-claw exec deploy/iron-claw-proxy -- sh -c x',
            "has no sh",
        ),
        (
            'kubectl --context "$AGENT_KUBE_CONTEXT" -n iron-claw exec deploy/freeradius -- iron-claw usage',
            "has no iron-claw",
        ),
        (
            'kubectl --context "$CLOUD_KUBE_CONTEXT" -n missing-table exec deploy/missing-table-backend -- '
            "missing-table dead list",
            "is not told AMQP_URL",
        ),
        ('kubectl --context "$AGENT_KUBE_CONTEXT" -n iron-claw describe pod -l app.kubernetes.io/name=x', "labelled"),
        ('kubectl --context "$AGENT_KUBE_CONTEXT" -n iron-claw apply -f deploy/nothing.yaml', "no file"),
    ],
)
def test_a_command_that_cannot_work_is_found(command: str, said: str) -> None:
    assert said in " ".join(faults(command))


def test_the_pod_that_shows_the_agents_volume_is_one_that_the_cluster_takes() -> None:
    text = AGENT_STATE.read_text(encoding="utf-8")
    assert manifests.schema_faults(text) == []
    pod = yaml.safe_load(text)
    spec = pod["spec"]
    as_job = {
        "kind": "Job",
        "metadata": pod["metadata"],
        "spec": {"template": {"metadata": pod["metadata"], "spec": spec}},
    }
    every = [*manifests.cluster("rancher-desktop"), as_job]
    mine = [fault for fault in policy.pods(every) if "agent-state" in fault]
    assert mine == []
    claim = spec["volumes"][0]["persistentVolumeClaim"]["claimName"]
    assert ("match-scraper", "PersistentVolumeClaim", claim) in there("rancher-desktop")
    (files,) = spec["containers"]
    agent = next(w for w in manifests.workloads(every) if w.name == "match-scraper-agent").containers[0]
    assert files["image"] == agent["image"] == f"missing-table/agent:{version()}"
    assert files["volumeMounts"][0]["readOnly"] is True
    assert Path(files["volumeMounts"][0]["mountPath"]) in {Path(m["mountPath"]) for m in agent["volumeMounts"]}
    assert files["command"][-1] in OPERATIONS.read_text(encoding="utf-8")
    assert "127.0.0.1" in files["command"]
