"""What every object of ours must be, whatever the schemas allow. Pure: objects in, sentences out; empty means good.

Each function is one rule; `faults` is all of them. Pod Security "restricted" is written out: there is no API
server to ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from devstack.kubernetes.manifests import Object, Workload, title, workloads

KINDS = frozenset(
    {
        "Namespace",
        "ServiceAccount",
        "Service",
        "ConfigMap",
        "PersistentVolumeClaim",
        "CronJob",
        "Deployment",
        "StatefulSet",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Ingress",
    }
)
"""No custom resources, and no Secret: those are made by hand."""
RESTRICTED_VOLUMES = frozenset({"configMap", "downwardAPI", "emptyDir", "persistentVolumeClaim", "projected", "secret"})
PRIVATE = {
    "0.0.0.0/0": {
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
    },
    "::/0": {"::1/128", "fc00::/7", "fe80::/10"},
}
PUBLIC_PORTS = frozenset({443, 5432, 6543})
"""HTTPS, and the two addresses of the database."""
SECRET_NAME = re.compile(r"(KEY|SECRET|PASSWORD|TOKEN|AMQP_URL|DATABASE_URL|DATABASE_DIRECT_URL|WEBHOOK_URL)$")
SECRET_VALUE = re.compile(r"://[^/\s:@]+:[^/\s@]+@|sk-ant-|eyJ[A-Za-z0-9_-]{10,}|mt_[0-9a-f]{8}_")
LOCAL_SUPABASE = re.compile(r"\b5432[12]\b|host\.docker\.internal|localhost")
DNS: Object = {
    "podSelector": {},
    "policyTypes": ["Egress"],
    "egress": [
        {
            "to": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
                }
            ],
            "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
        }
    ],
}
"""The one thing that every pod of a namespace may do."""
PART_OF = ("app.kubernetes.io/part-of", "missing-table")
NAME = "app.kubernetes.io/name"


class Arrow(NamedTuple):
    """Who may open a connection to whom. A namespace as a whole is `namespace/*`."""

    start: str
    end: str
    port: str
    """As 8100 or 3799/udp."""


def faults(every: list[Object]) -> list[str]:
    """Everything that is wrong with the objects of one cluster."""
    rules = (kinds_and_names, pods, services, networks, no_secret, disruption)
    return [sentence for rule in rules for sentence in rule(every)]


def kinds_and_names(every: list[Object]) -> Iterator[str]:
    """Known kinds, namespaces written out and made here, labels, restricted namespaces."""
    made = {item["metadata"]["name"] for item in every if item["kind"] == "Namespace"}
    for item in every:
        meta = item["metadata"]
        if item["kind"] not in KINDS:
            yield f"{title(item)}: kind {item['kind']} is none of ours"
        if item["kind"] == "Namespace":
            if meta.get("labels", {}).get("pod-security.kubernetes.io/enforce") != "restricted":
                yield f"{title(item)}: does not enforce Pod Security restricted"
        elif meta.get("namespace") not in made:
            yield f"{title(item)}: its namespace is not written out, or not made here"
        if item["kind"] != "ConfigMap" and meta.get("labels", {}).get(PART_OF[0]) != PART_OF[1]:
            yield f"{title(item)}: lacks the label {PART_OF[0]}"


def pods(every: list[Object]) -> Iterator[str]:
    """Restricted, bounded, probed, pinned, without a token."""
    accounts = {
        (item["metadata"]["namespace"], item["metadata"]["name"]): item
        for item in every
        if item["kind"] == "ServiceAccount"
    }
    for name, account in accounts.items():
        if account.get("automountServiceAccountToken") is not False:
            yield f"ServiceAccount {'/'.join(name)}: its token is mounted"
    for work in workloads(every):
        here = f"{work.kind} {work.namespace}/{work.name}"
        yield from (f"{here}: {said}" for said in _pod(work))
        if (work.namespace, work.spec.get("serviceAccountName")) not in accounts:
            yield f"{here}: has no service account of its own"
        if work.spec.get("automountServiceAccountToken") is not False:
            yield f"{here}: mounts a token"
        for container in work.containers:
            starting = container in work.spec.get("initContainers", [])
            yield from (f"{here}, {container['name']}: {said}" for said in _container(work, container, starting))


def _pod(work: Workload) -> Iterator[str]:
    spec, context = work.spec, work.spec.get("securityContext", {})
    if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
        yield "may run as root"
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "has no seccomp profile"
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name):
            yield f"has {name}"
    if "terminationGracePeriodSeconds" not in spec:
        yield "does not say how long it may take to stop"
    volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
    claims = {claim["metadata"]["name"] for claim in work.whole["spec"].get("volumeClaimTemplates", [])}
    mounted = {mount["name"] for container in work.containers for mount in container.get("volumeMounts", [])}
    for name, volume in volumes.items():
        kind = next(key for key in volume if key != "name")
        if kind not in RESTRICTED_VOLUMES:
            yield f"volume {name} is a {kind}"
        if kind == "emptyDir" and "sizeLimit" not in volume["emptyDir"]:
            yield f"volume {name} has no size limit"
    if missing := mounted - set(volumes) - claims:
        yield f"mounts {', '.join(sorted(missing))}, which it does not have"
    if unused := (set(volumes) | claims) - mounted:
        yield f"has volumes that nobody mounts: {', '.join(sorted(unused))}"


def _container(work: Workload, container: Object, starting: bool) -> Iterator[str]:
    context = container.get("securityContext", {})
    if context.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    if context.get("readOnlyRootFilesystem") is not True:
        yield "may write its root file system"
    if context.get("capabilities") != {"drop": ["ALL"]}:
        yield "keeps capabilities"
    if context.get("privileged") or context.get("runAsUser") == 0 or context.get("runAsNonRoot") is False:
        yield "is privileged"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "takes a port of the host"
    for bound in ("requests", "limits"):
        if set(container.get("resources", {}).get(bound, {})) < {"cpu", "memory"}:
            yield f"has no {bound} for cpu and memory"
    _, _, tag = container["image"].rpartition("/")[2].partition(":")
    if not tag or tag == "latest":
        yield f"image {container['image']} is not pinned"
    if container.get("imagePullPolicy") != "IfNotPresent":
        yield "pulls its image anew at each start"
    if "envFrom" in container:
        yield "takes its environment wholesale: each variable is to be named"
    if not starting and work.kind in ("Deployment", "StatefulSet"):
        yield from _probes(container)


def _probes(container: Object) -> Iterator[str]:
    ports = {port["name"] for port in container.get("ports", [])}
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = container.get(kind)
        if probe is None:
            yield f"has no {kind}"
            continue
        how = probe.get("httpGet") or probe.get("tcpSocket")
        if how is not None and how["port"] not in ports:
            yield f"{kind} asks port {how['port']}, which it does not have"


def services(every: list[Object]) -> Iterator[str]:
    """Each selects pods of ours and names ports that they have, with the same number; each Ingress names a Service."""
    made = list(workloads(every))
    known: dict[tuple[str, str], set[str]] = {}
    for item in every:
        if item["kind"] != "Service":
            continue
        space, spec = item["metadata"]["namespace"], item["spec"]
        known[space, item["metadata"]["name"]] = {port["name"] for port in spec["ports"]}
        chosen = [work for work in made if work.namespace == space and spec["selector"].items() <= work.labels.items()]
        if spec.get("type", "ClusterIP") != "ClusterIP":
            yield f"{title(item)}: is open to the outside"
        if len(chosen) != 1:
            yield f"{title(item)}: selects {len(chosen)} workloads"
            continue
        there = {
            port["name"]: (port["containerPort"], port.get("protocol", "TCP"))
            for container in chosen[0].containers
            for port in container.get("ports", [])
        }
        for port in spec["ports"]:
            if there.get(port["targetPort"]) != (port["port"], port.get("protocol", "TCP")):
                yield f"{title(item)}: port {port['name']} is not the container's"
    for item in every:
        if item["kind"] != "Ingress":
            continue
        if not item["spec"].get("tls"):
            yield f"{title(item)}: has no TLS"
        for rule in item["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                if service["port"]["name"] not in known.get((item["metadata"]["namespace"], service["name"]), set()):
                    yield f"{title(item)}: there is no Service {service['name']} with port {service['port']['name']}"


def networks(every: list[Object]) -> Iterator[str]:
    """Default-deny both ways in each namespace; each workload has its arrows; outside only what is public."""
    policies = [item for item in every if item["kind"] == "NetworkPolicy"]
    for item in every:
        if item["kind"] == "Namespace" and not any(
            _denies_all(policy, item["metadata"]["name"]) for policy in policies
        ):
            yield f"{title(item)}: has no NetworkPolicy that denies everything"
    for work in workloads(every):
        if not any(_names(policy, work) for policy in policies):
            yield f"{work.kind} {work.namespace}/{work.name}: no NetworkPolicy is about it"
    for policy in policies:
        if not policy["spec"]["podSelector"].get("matchLabels"):
            space = policy["metadata"].get("namespace", "")
            if not (_denies_all(policy, space) or policy["spec"] == DNS):
                yield f"{title(policy)}: is about every pod, and neither denies everything nor lets ask for names alone"
        for way, peers in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(way, []):
                if not rule.get(peers) or not rule.get("ports"):
                    yield f"{title(policy)}: an {way} rule is open to everybody, or on every port"
                    continue
                yield from (f"{title(policy)}: {said}" for said in _blocks(way, rule, rule[peers]))


def _blocks(way: str, rule: Object, peers: list[Object]) -> Iterator[str]:
    for peer in peers:
        block = peer.get("ipBlock")
        if block is None:
            if not (peer.get("podSelector") or peer.get("namespaceSelector")):
                yield f"an {way} rule selects everybody"
            continue
        if way == "ingress":
            yield "lets addresses in"
        if set(block.get("except", [])) != PRIVATE.get(block["cidr"], set()) or block["cidr"] not in PRIVATE:
            yield f"{block['cidr']} reaches private networks"
        if not {port["port"] for port in rule["ports"]} <= PUBLIC_PORTS:
            yield f"goes out on {', '.join(str(port['port']) for port in rule['ports'])}"


def _denies_all(policy: Object, namespace: str) -> bool:
    spec = policy["spec"]
    return (
        policy["metadata"].get("namespace") == namespace
        and spec["podSelector"] == {}
        and set(spec["policyTypes"]) == {"Ingress", "Egress"}
        and not spec.get("ingress")
        and not spec.get("egress")
    )


def _names(policy: Object, work: Workload) -> bool:
    wanted = policy["spec"]["podSelector"].get("matchLabels", {})
    return (
        policy["metadata"].get("namespace") == work.namespace and bool(wanted) and wanted.items() <= work.labels.items()
    )


def no_secret(every: list[Object]) -> Iterator[str]:
    """No secret stands in an object, and nothing of a developer's own machine."""
    for work in workloads(every):
        for container in work.containers:
            for variable in container.get("env", []):
                where = f"{work.kind} {work.namespace}/{work.name}, {variable['name']}"
                if "value" in variable and SECRET_NAME.search(variable["name"]):
                    yield f"{where}: is written out; take it from a Secret"
                if LOCAL_SUPABASE.search(variable.get("value", "")):
                    yield f"{where}: a developer's own machine"
    for item in every:
        if SECRET_VALUE.search(str(item)):
            yield f"{title(item)}: holds what looks like a secret"


def disruption(every: list[Object]) -> Iterator[str]:
    """Each PodDisruptionBudget is about a workload, and leaves a drain possible."""
    for item in every:
        if item["kind"] != "PodDisruptionBudget":
            continue
        wanted = item["spec"]["selector"]["matchLabels"]
        chosen = [work for work in workloads(every) if wanted.items() <= work.labels.items()]
        if len(chosen) != 1 or chosen[0].whole["spec"].get("replicas", 1) <= item["spec"].get("maxUnavailable", 0):
            yield f"{title(item)}: is about nothing, or allows all to go"


def arrows(every: list[Object]) -> set[Arrow]:
    """Who may talk to whom, as the NetworkPolicies say; where both ends are ours, both must allow it. No DNS."""
    out, into = _sides(every)
    return (out | into) - _between_ours(every, out | into) | (out & into)


def one_sided(every: list[Object]) -> set[Arrow]:
    """Arrows between ours that one end alone allows: they do not work."""
    out, into = _sides(every)
    return _between_ours(every, out ^ into)


def _between_ours(every: list[Object], found: set[Arrow]) -> set[Arrow]:
    ours = {f"{work.namespace}/{work.name}" for work in workloads(every)}
    return {arrow for arrow in found if arrow.start in ours and arrow.end in ours}


def _sides(every: list[Object]) -> tuple[set[Arrow], set[Arrow]]:
    """What those who call are allowed, and what those who are called allow."""
    out: set[Arrow] = set()
    into: set[Arrow] = set()
    for policy in (item for item in every if item["kind"] == "NetworkPolicy"):
        space = policy["metadata"].get("namespace")
        selector = policy["spec"]["podSelector"].get("matchLabels", {})
        if not selector:
            continue  # all are denied, or may ask for names: `networks` lets nothing else pass
        me = f"{space}/{selector.get(NAME, next(iter(selector)))}"
        for rule in policy["spec"].get("egress", []):
            out |= {Arrow(me, who, port) for who in _peers(rule["to"], space) for port in _ports(rule)}
        for rule in policy["spec"].get("ingress", []):
            into |= {Arrow(who, me, port) for who in _peers(rule["from"], space) for port in _ports(rule)}
    return out, into


def _peers(peers: list[Object], space: str) -> set[str]:
    found = set()
    for peer in peers:
        if "ipBlock" in peer:
            found.add("public")
            continue
        labels = peer.get("podSelector", {}).get("matchLabels", {})
        names = peer.get("namespaceSelector", {}).get("matchLabels", {})
        found.add(f"{names.get('kubernetes.io/metadata.name', space)}/{labels.get(NAME, '*')}")
    return found


def _ports(rule: Object) -> set[str]:
    return {f"{port['port']}{'/udp' if port['protocol'] == 'UDP' else ''}" for port in rule["ports"]}
