"""What the stand-in cluster holds, and what a cluster does by itself. Standard library alone."""

from __future__ import annotations

import copy
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Object = dict[str, Any]
KINDS = {
    "": {
        "namespaces": ("Namespace", False),
        "pods": ("Pod", True),
        "services": ("Service", True),
        "configmaps": ("ConfigMap", True),
        "secrets": ("Secret", True),
        "serviceaccounts": ("ServiceAccount", True),
        "persistentvolumeclaims": ("PersistentVolumeClaim", True),
        "events": ("Event", True),
    },
    "apps": {"deployments": ("Deployment", True), "statefulsets": ("StatefulSet", True)},
    "batch": {"cronjobs": ("CronJob", True), "jobs": ("Job", True)},
    "networking.k8s.io": {"networkpolicies": ("NetworkPolicy", True), "ingresses": ("Ingress", True)},
    "policy": {"poddisruptionbudgets": ("PodDisruptionBudget", True)},
}
SUCCEEDS = {"phases": [{"log": "the run's report\n", "exit": 0}]}


Key = tuple[str, str, str, str]


class Cluster:
    """What one cluster holds, and what is wrong with it."""

    def __init__(self, objects: list[Object], log: Path) -> None:
        self.given = objects
        self.log = log
        self.changed = threading.Condition()
        self.reset()

    def reset(self) -> None:
        """As it was at the start."""
        with self.changed:
            self.objects: dict[Key, Object] = {}
            self.version = 1
            self.news: list[tuple[int, str, Key, Object]] = []
            self.job: Object = SUCCEEDS
            self.rollout = "done"
            self.exec: dict[str, str] = {}
            self.pages: dict[str, Any] = {}
            self.faults: list[Object] = []
            self.log.write_text("", encoding="utf-8")
            for item in self.given:
                self.keep(key_of(item), copy.deepcopy(item))

    def keep(self, key: Key, item: Object, word: str | None = None) -> Object:
        """Stores an object and tells those who watch."""
        with self.changed:
            self.version += 1
            meta = item.setdefault("metadata", {})
            meta.setdefault("uid", str(uuid.uuid4()))
            meta.setdefault("creationTimestamp", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
            meta["resourceVersion"] = str(self.version)
            word = word or ("MODIFIED" if key in self.objects else "ADDED")
            self.objects[key] = item
            self.news.append((self.version, word, key, copy.deepcopy(item)))
            self.changed.notify_all()
            return item

    def drop(self, key: Key) -> Object:
        """Removes an object, and what it owned."""
        with self.changed:
            item = self.objects.pop(key)
            self.version += 1
            self.news.append((self.version, "DELETED", key, item))
            for other in [k for k, o in self.objects.items() if owner(o) == item["metadata"]["uid"]]:
                self.drop(other)
            self.changed.notify_all()
            return item

    def listed(self, group: str, plural: str, namespace: str | None, query: dict[str, str]) -> list[Object]:
        """Objects of a kind that the selectors take."""
        with self.changed:
            return [
                item
                for key, item in sorted(self.objects.items())
                if key[:2] == (group, plural) and namespace in (None, key[2]) and selected(item, query)
            ]

    def fault(self, method: str, path: str) -> Object | None:
        """The fault that is to meet this request, counted down."""
        with self.changed:
            for fault in self.faults:
                if fault.get("method", method) == method and fault["path"] in path and fault.get("times", 1) != 0:
                    fault["times"] = fault.get("times", 1) - 1
                    return fault
        return None

    # what a cluster does by itself

    def settle(self, key: Key, item: Object) -> None:
        """A Job gets its first pod; a Deployment or StatefulSet is rolled out, or hangs."""
        if key[1] == "jobs":
            self.pod_of(key, item, 0)
        elif key[1] in ("deployments", "statefulsets"):
            meta = item["metadata"]
            if key[1] == "statefulsets":
                item["spec"].setdefault("updateStrategy", {"type": "RollingUpdate"})
            meta["generation"] = meta.get("generation", 0) + 1
            wanted = item["spec"].get("replicas", 1)
            there = wanted if self.rollout == "done" else 0
            item["status"] = {
                "observedGeneration": meta["generation"],
                "replicas": wanted,
                "updatedReplicas": there,
                "readyReplicas": there,
                "availableReplicas": there,
                "unavailableReplicas": wanted - there,
                "currentRevision": "a",
                "updateRevision": "a",
            }

    def pod_of(self, key: Key, job: Object, number: int) -> None:
        """The pod of a Job's try, in the state that the play says."""
        play = self.job["phases"][number]
        name = f"{job['metadata']['name']}-{number}"
        status: Object = {"phase": "Pending", "containerStatuses": []}
        state: Object = {"running": {}}
        if "waiting" in play:
            state = {"waiting": {"reason": play["waiting"], "message": play.get("message", "")}}
        else:
            status["phase"] = "Running"
        status["containerStatuses"] = [{"name": "agent", "ready": False, "restartCount": 0, "state": state}]
        pod: Object = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": key[2],
                "labels": {"job-name": job["metadata"]["name"]},
                "creationTimestamp": f"2026-11-25T14:00:{number:02}Z",
                "ownerReferences": [{"uid": job["metadata"]["uid"], "kind": "Job", "name": job["metadata"]["name"]}],
            },
            "spec": {"containers": [{"name": "agent"}]},
            "status": status,
        }
        self.keep(("", "pods", key[2], name), pod)

    def ended(self, pod: Object) -> None:
        """A pod's log was read to its end: it has exited, and its Job goes on or is over."""
        with self.changed:
            job_name = pod["metadata"]["labels"].get("job-name", "")
            key = ("batch", "jobs", pod["metadata"]["namespace"], job_name)
            job, number = self.objects.get(key), int(pod["metadata"]["name"].rpartition("-")[2])
            if job is None or "terminated" in pod["status"]["containerStatuses"][0]["state"]:
                return
            code = int(self.job["phases"][number].get("exit", 0))
            pod["status"]["containerStatuses"][0]["state"] = {"terminated": {"exitCode": code}}
            pod["status"]["phase"] = "Succeeded" if code == 0 else "Failed"
            self.keep(key_of(pod), pod)
            if code != 0 and number + 1 < len(self.job["phases"]):
                self.pod_of(key, job, number + 1)
                return
            kind = {"type": "Complete"} if code == 0 else {"type": "Failed", "reason": "BackoffLimitExceeded"}
            job["status"] = {"conditions": [{**kind, "status": "True", "message": f"exit code {code}"}]}
            self.keep(key, job)


def owner(item: Object) -> str | None:
    """The uid of what owns an object."""
    owners = item["metadata"].get("ownerReferences") or [{}]
    uid: str | None = owners[0].get("uid")
    return uid


def key_of(item: Object) -> Key:
    """Where an object is kept."""
    group = item["apiVersion"].rpartition("/")[0]
    plural = next(name for name, (kind, _) in KINDS[group].items() if kind == item["kind"])
    return group, plural, item["metadata"].get("namespace", ""), item["metadata"]["name"]


def selected(item: Object, query: dict[str, str]) -> bool:
    """Whether label and field selectors (equality alone) take an object."""
    labels = item["metadata"].get("labels", {})
    for part in filter(None, query.get("labelSelector", "").split(",")):
        name, _, value = part.partition("=")
        if labels.get(name) != value.lstrip("="):
            return False
    for part in filter(None, query.get("fieldSelector", "").split(",")):
        name, _, value = part.partition("=")
        if name == "metadata.name" and item["metadata"]["name"] != value.lstrip("="):
            return False
    return True


def merged(old: Any, new: Any) -> Any:
    """JSON merge patch (RFC 7386), with lists of what has names joined by them, as a strategic one does."""
    if (
        isinstance(new, list)
        and isinstance(old, list)
        and all(isinstance(i, dict) and "name" in i for i in [*old, *new])
    ):
        given = {item["name"]: item for item in new}
        kept = [merged(item, given.pop(item["name"], {})) for item in old]
        return [*kept, *given.values()]
    if not isinstance(new, dict):
        return new
    base = dict(old) if isinstance(old, dict) else {}
    for name, value in new.items():
        if name.startswith("$"):
            continue
        if value is None:
            base.pop(name, None)
        else:
            base[name] = merged(base.get(name), value)
    return base
