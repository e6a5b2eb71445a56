"""Both clusters' manifests as kubectl renders them, and what tests ask of them."""

import re
from functools import cache

from devstack.kubernetes import manifests
from devstack.kubernetes.manifests import Object
from devstack.places import ROOT


@cache
def text(cluster: str) -> str:
    return manifests.render(ROOT / "deploy" / cluster)


@cache
def everything(cluster: str) -> list[Object]:
    return manifests.objects(text(cluster))


def one(cluster: str, kind: str, name: str) -> Object:
    found = [o for o in everything(cluster) if o["kind"] == kind and re.fullmatch(name, o["metadata"]["name"])]
    assert len(found) == 1, f"{kind} {name}: {len(found)}"
    return found[0]


def pod(cluster: str, name: str) -> Object:
    return next(work.spec for work in manifests.workloads(everything(cluster)) if work.name == name)
