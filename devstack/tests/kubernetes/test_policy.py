"""Each rule of ours for manifests, broken once: the policy names the fault."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from devstack.kubernetes import manifests, policy
from devstack.kubernetes.manifests import Object
from devstack.kubernetes.policy import NAME

from .rendered import everything


def container(every: list[Object], name: str = "celery-worker") -> Object:
    return next(work for work in manifests.workloads(every) if work.name == name).containers[0]


def spec(every: list[Object], kind: str, name: str) -> Object:
    return next(o for o in every if o["kind"] == kind and o["metadata"]["name"] == name)["spec"]


def template(every: list[Object]) -> Object:
    return spec(every, "Deployment", "celery-worker")["template"]["spec"]


def without(document: Object, *path: str) -> None:
    for name in path[:-1]:
        document = document[name]
    del document[path[-1]]


BREAKS: dict[str, tuple[Callable[[list[Object]], Any], str]] = {
    "a custom resource": (lambda e: e.append({**e[0], "kind": "Certificate"}), "is none of ours"),
    "a secret in git": (lambda e: e.append({**e[-1], "kind": "Secret"}), "is none of ours"),
    "no namespace": (lambda e: without(e[-1], "metadata", "namespace"), "not written out"),
    "another namespace": (lambda e: e[-1]["metadata"].update(namespace="default"), "not made here"),
    "a lax namespace": (lambda e: e[0]["metadata"].update(labels={}), "does not enforce"),
    "root": (lambda e: without(template(e), "securityContext", "runAsNonRoot"), "may run as root"),
    "no seccomp": (lambda e: without(template(e), "securityContext", "seccompProfile"), "no seccomp"),
    "host network": (lambda e: template(e).update(hostNetwork=True), "has hostNetwork"),
    "host path": (lambda e: template(e)["volumes"].append({"name": "h", "hostPath": {"path": "/"}}), "is a hostPath"),
    "an unbounded volume": (lambda e: template(e)["volumes"][0]["emptyDir"].pop("sizeLimit"), "no size limit"),
    "a token": (lambda e: template(e).update(automountServiceAccountToken=True), "mounts a token"),
    "the default account": (lambda e: template(e).pop("serviceAccountName"), "no service account of its own"),
    "no grace": (lambda e: template(e).pop("terminationGracePeriodSeconds"), "how long it may take to stop"),
    "more privileges": (
        lambda e: container(e)["securityContext"].update(allowPrivilegeEscalation=True),
        "may gain privileges",
    ),
    "a writable root": (lambda e: without(container(e), "securityContext", "readOnlyRootFilesystem"), "may write"),
    "capabilities": (
        lambda e: container(e)["securityContext"].update(capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]}),
        "keeps capabilities",
    ),
    "privileged": (lambda e: container(e)["securityContext"].update(privileged=True), "is privileged"),
    "a host port": (lambda e: container(e)["ports"][0].update(hostPort=9101), "takes a port of the host"),
    "no limit": (lambda e: without(container(e), "resources", "limits", "memory"), "no limits"),
    "no request": (lambda e: without(container(e), "resources", "requests"), "no requests"),
    "latest": (lambda e: container(e).update(image="missing-table/worker:latest"), "is not pinned"),
    "no tag": (lambda e: container(e).update(image="host:5000/missing-table/worker"), "is not pinned"),
    "no probe": (lambda e: container(e).pop("livenessProbe"), "has no livenessProbe"),
    "a probe of nothing": (
        lambda e: container(e)["readinessProbe"]["httpGet"].update(port="http"),
        "which it does not have",
    ),
    "a wholesale environment": (lambda e: container(e).update(envFrom=[]), "wholesale"),
    "a secret written out": (
        lambda e: container(e)["env"].append({"name": "MT_JWT_SECRET", "value": "x"}),
        "written out",
    ),
    "a password in an address": (
        lambda e: container(e)["env"].append({"name": "MT_SITE", "value": "https://a:b@example.com"}),
        "looks like a secret",
    ),
    "a local Supabase": (
        lambda e: container(e)["env"].append({"name": "MT_JWKS_URL", "value": "http://127.0.0.1:54321/auth"}),
        "developer's own machine",
    ),
    "a service of nothing": (
        lambda e: spec(e, "Service", "celery-worker").update(selector={NAME: "nobody"}),
        "selects 0 workloads",
    ),
    "a service on another port": (
        lambda e: spec(e, "Service", "celery-worker")["ports"][0].update(port=9100),
        "is not the container's",
    ),
    "a load balancer": (
        lambda e: spec(e, "Service", "celery-worker").update(type="LoadBalancer"),
        "open to the outside",
    ),
    "no default-deny": (
        lambda e: e.remove(next(o for o in e if o["metadata"]["name"] == "default-deny")),
        "denies everything",
    ),
    "an arrow for everybody of a namespace": (
        lambda e: spec(e, "NetworkPolicy", "celery-worker").update(podSelector={}),
        "is about every pod",
    ),
    "every pod by an expression": (
        lambda e: spec(e, "NetworkPolicy", "celery-worker").update(
            podSelector={"matchExpressions": [{"key": NAME, "operator": "Exists"}]}
        ),
        "is about every pod",
    ),
    "more than names": (
        lambda e: spec(e, "NetworkPolicy", "dns")["egress"][0]["ports"].append({"port": 443, "protocol": "TCP"}),
        "is about every pod",
    ),
    "names of anybody": (
        lambda e: spec(e, "NetworkPolicy", "dns")["egress"][0]["to"][0].pop("podSelector"),
        "is about every pod",
    ),
    "a workload without arrows": (
        lambda e: spec(e, "NetworkPolicy", "celery-worker").update(podSelector={"matchLabels": {NAME: "x"}}),
        "no NetworkPolicy is about it",
    ),
    "private addresses": (
        lambda e: spec(e, "NetworkPolicy", "celery-worker")["egress"][1]["to"][0]["ipBlock"].pop("except"),
        "reaches private networks",
    ),
    "another port outside": (
        lambda e: spec(e, "NetworkPolicy", "celery-worker")["egress"][1]["ports"][0].update(port=80),
        "goes out on 80",
    ),
    "everybody": (
        lambda e: spec(e, "NetworkPolicy", "rabbitmq")["ingress"][0].pop("from"),
        "open to everybody",
    ),
}


@pytest.mark.parametrize("fault", BREAKS)
def test_the_policy_finds(fault: str) -> None:
    every = copy.deepcopy(everything("rancher-desktop"))
    change, said = BREAKS[fault]
    change(every)
    assert [sentence for sentence in policy.faults(every) if said in sentence], policy.faults(every)


def test_the_policy_finds_an_ingress_without_tls_and_a_budget_that_allows_all_to_go() -> None:
    every = copy.deepcopy(everything("cloud"))
    spec(every, "Ingress", "missing-table").pop("tls")
    spec(every, "PodDisruptionBudget", "missing-table-backend")["maxUnavailable"] = 2
    said = " ".join(policy.faults(every))
    assert "has no TLS" in said
    assert "allows all to go" in said


def test_an_arrow_that_one_end_alone_allows_is_found() -> None:
    every = copy.deepcopy(everything("rancher-desktop"))
    del spec(every, "NetworkPolicy", "freeradius")["ingress"]
    assert {arrow.port for arrow in policy.one_sided(every)} == {"1812/udp", "1813/udp"}
