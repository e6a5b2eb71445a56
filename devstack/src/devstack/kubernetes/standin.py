"""A stand-in for one cluster's API server, for tests of scripts that call the real kubectl. Standard library alone.

It keeps objects, answers discovery, GET, LIST, WATCH, POST, PATCH, PUT, DELETE, logs and exec, writes every request to
a log, and plays what a cluster does by itself: a Job gets a pod, a rollout comes to its end. It judges nothing: schemas
and policy are the business of others.

    python standin.py --log FILE --objects FILE [--port N]      prints its port when it listens

POST /__standin takes what a test wants from then on, each part by itself:
    {"reset": true, "rollout": "done"|"stuck", "exec": {PART OF A COMMAND: OUTPUT}, "pages": {PATH: [CODE, TEXT]},
     "faults": [{"method": M, "path": PART, "do": "hang"|"drop"|CODE, "times": N}],
     "job": {"phases": [{"waiting": REASON, "message": TEXT} | {"log": TEXT, "exit": N, "until": "deleted"}]}}
A phase is a Job's pod; a second one comes where the first fails.
"""

from __future__ import annotations

import argparse
import base64
import copy
import hashlib
import json
import re
import sys
import threading
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

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
PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>v1)(?:/namespaces/(?P<ns>[^/]+))?/(?P<plural>[a-z]+)"
    r"(?:/(?P<name>[^/]+))?(?:/(?P<sub>[a-z]+))?"
)
SHORT = {"deployments": ["deploy"], "statefulsets": ["sts"], "namespaces": ["ns"], "pods": ["po"]}
WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
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


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    cluster: Cluster

    def log_message(self, *_: Any) -> None:
        """Requests go to our own log."""

    def do_GET(self) -> None:
        """Everything comes in here."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        if parts.path == "/__standin":
            self.told(json.loads(body))
            return
        line = {"method": self.command, "path": parts.path, "query": parts.query}
        with self.cluster.changed, self.cluster.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        fault = self.cluster.fault(self.command, self.path)
        if fault is not None:
            self.spoil(fault)
            return
        self.answer(parts.path, query, body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def told(self, orders: Object) -> None:
        """What the test wants from now on."""
        if orders.pop("reset", False):
            self.cluster.reset()
        for item in orders.pop("objects", []):
            self.cluster.keep(key_of(item), item)
        for name in orders.pop("remove", []):
            self.cluster.drop(tuple(name))
        for name, value in orders.items():
            setattr(self.cluster, name, value)
        self.json({})

    def spoil(self, fault: Object) -> None:
        """Hangs until the test is over, drops the connection, or answers with an error."""
        if fault["do"] == "hang":
            threading.Event().wait(30)
            self.close_connection = True
        elif fault["do"] == "drop":
            self.close_connection = True
        else:
            code = int(fault["do"])
            self.status(code, "NotFound" if code == 404 else "InternalError", "the stand-in was told to fail")

    def json(self, document: Any, code: int = 200) -> None:
        """A JSON answer."""
        self.text(json.dumps(document), code, "application/json")

    def text(self, text: str, code: int = 200, kind: str = "text/plain") -> None:
        """An answer."""
        data = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def status(self, code: int, reason: str, message: str) -> None:
        """An error as the API has it."""
        document = {"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code}
        self.json({**document, "reason": reason, "message": message}, code)

    def answer(self, path: str, query: dict[str, str], body: bytes) -> None:
        """Discovery, pages, objects."""
        if path in self.cluster.pages:
            code, text = self.cluster.pages[path]
            self.text(text, code)
        elif path == "/version":
            self.json({"major": "1", "minor": "34", "gitVersion": "v1.34.0"})
        elif path == "/api":
            self.json({"kind": "APIVersions", "versions": ["v1"]})
        elif path == "/apis":
            self.json({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups()})
        elif path == "/openapi/v3":
            versions = ["api/v1", *(f"apis/{group}/v1" for group in KINDS if group)]
            self.json({"paths": {name: {"serverRelativeURL": f"/openapi/v3/{name}"} for name in versions}})
        elif path.startswith("/openapi/v3/"):
            self.json(schema(path.split("/")[4] if path.startswith("/openapi/v3/apis/") else ""))
        elif path in ("/api/v1", *(f"/apis/{group}/v1" for group in KINDS if group)):
            self.json(resources(path.split("/")[2] if path.startswith("/apis") else ""))
        elif found := PATH.fullmatch(path):
            self.object(found, query, body)
        else:
            self.status(404, "NotFound", f"the stand-in does not know {path}")

    def object(self, found: re.Match[str], query: dict[str, str], body: bytes) -> None:
        """GET, LIST, WATCH, POST, PATCH, PUT, DELETE of objects; logs and exec of pods."""
        group, plural, name, space = found["group"] or "", found["plural"], found["name"], found["ns"]
        if plural == "namespaces" and space is None and name and found["sub"] is None:
            space = None
        if plural not in KINDS.get(group, {}):
            self.status(404, "NotFound", f"the stand-in does not know {plural}")
            return
        key: Key = (group, plural, space or "", name or "")
        if self.command == "POST" and found["sub"] is None:
            self.create(key, query, body)
        elif name is None:
            self.collection(group, plural, space, query)
        elif self.command == "PATCH" and key not in self.cluster.objects and self.applying():
            self.store(key, json.loads(body), query, 201)
        elif key not in self.cluster.objects:
            self.status(404, "NotFound", f'{plural} "{name}" not found')
        elif found["sub"] == "log":
            self.logs(self.cluster.objects[key], query)
        elif found["sub"] == "exec":
            self.execute(query)
        elif self.command == "GET":
            self.json(self.cluster.objects[key])
        elif self.command == "DELETE":
            self.json(self.cluster.drop(key) if "dryRun" not in query else self.cluster.objects[key])
        else:
            new = json.loads(body)
            old = self.cluster.objects[key]
            if self.command == "PATCH":
                new = {**merged(old, new), **({"status": old["status"]} if "status" in old else {})}
            self.store(key, new, query, 200)

    def applying(self) -> bool:
        """Server-side apply makes what is not there."""
        return "apply-patch" in self.headers.get("Content-Type", "")

    def create(self, key: Key, query: dict[str, str], body: bytes) -> None:
        """POST: a new object, or 409."""
        item = json.loads(body)
        key = (*key[:3], item["metadata"]["name"])
        if key in self.cluster.objects:
            self.status(409, "AlreadyExists", f'{key[1]} "{key[3]}" already exists')
            return
        self.store(key, item, query, 201)

    def store(self, key: Key, item: Object, query: dict[str, str], code: int) -> None:
        """Keeps an object, unless it is a dry run, and lets the cluster do its own part."""
        if key[2] and ("", "namespaces", "", key[2]) not in self.cluster.objects:
            self.status(404, "NotFound", f'namespaces "{key[2]}" not found')
            return
        if "dryRun" in query:
            self.json(item, code)
            return
        with self.cluster.changed:
            if key[1] in ("deployments", "statefulsets"):
                self.cluster.settle(key, item)
            kept = self.cluster.keep(key, item)
            if key[1] == "jobs" and code == 201:
                self.cluster.settle(key, kept)
        self.json(kept, code)

    def collection(self, group: str, plural: str, space: str | None, query: dict[str, str]) -> None:
        """LIST or WATCH."""
        kind = KINDS[group][plural][0]
        version = f"{group}/v1".lstrip("/")
        if query.get("watch") in ("true", "1"):
            self.watch(group, plural, space, query)
            return
        if self.command == "DELETE":
            self.status(405, "MethodNotAllowed", "collections are not deleted here")
            return
        items = self.cluster.listed(group, plural, space, query)
        meta = {"resourceVersion": str(self.cluster.version)}
        self.json({"apiVersion": version, "kind": f"{kind}List", "metadata": meta, "items": items})

    def watch(self, group: str, plural: str, space: str | None, query: dict[str, str]) -> None:
        """Streams what changes after the version that was asked for, until the caller leaves or its time is up."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        since = int(query.get("resourceVersion") or 0)
        if query.get("sendInitialEvents") == "true":
            since = self.initial_events(group, plural, space, query)
        limit = min(float(query.get("timeoutSeconds") or 30), 30)
        end = datetime.now(UTC).timestamp() + limit
        while (left := end - datetime.now(UTC).timestamp()) > 0:
            with self.cluster.changed:
                fresh = [entry for entry in self.cluster.news if entry[0] > since]
                if not fresh:
                    self.cluster.changed.wait(left)
                    continue
            for number, word, key, item in fresh:
                since = number
                if key[:2] == (group, plural) and space in (None, key[2]) and selected(item, query):
                    try:
                        self.wfile.write(json.dumps({"type": word, "object": item}).encode() + b"\n")
                        self.wfile.flush()
                    except OSError:
                        return

    def initial_events(self, group: str, plural: str, space: str | None, query: dict[str, str]) -> int:
        """A list in the form of events, as newer clients ask for it; the version up to which it is complete."""
        with self.cluster.changed:
            now, items = self.cluster.version, self.cluster.listed(group, plural, space, query)
        kind = KINDS[group][plural][0]
        meta = {"resourceVersion": str(now), "annotations": {"k8s.io/initial-events-end": "true"}}
        end = {"apiVersion": f"{group}/v1".lstrip("/"), "kind": kind, "metadata": meta}
        events = [*({"type": "ADDED", "object": item} for item in items), {"type": "BOOKMARK", "object": end}]
        self.wfile.write(b"".join(json.dumps(event).encode() + b"\n" for event in events))
        self.wfile.flush()
        return now

    def logs(self, pod: Object, query: dict[str, str]) -> None:
        """A pod's log; when it was followed to its end, the pod has exited. `until: deleted` never ends."""
        job = pod["metadata"].get("labels", {}).get("job-name")
        number = int(pod["metadata"]["name"].rpartition("-")[2]) if job else 0
        play = self.cluster.job["phases"][number] if job else {"log": "a line\n"}
        text = play.get("log", "")
        if query.get("follow") != "true":
            self.text(text)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(text.encode())
        self.wfile.flush()
        if play.get("until") == "deleted":
            key = key_of(pod)
            with self.cluster.changed:
                self.cluster.changed.wait_for(lambda: key not in self.cluster.objects, 30)
            return
        self.cluster.ended(pod)

    def execute(self, query: dict[str, str]) -> None:
        """A command in a pod, over a WebSocket (v5.channel.k8s.io): its scripted output, then its end."""
        if self.headers.get("Upgrade", "").lower() != "websocket":
            self.status(400, "BadRequest", "exec takes a WebSocket")
            return
        asked = " ".join(parse_qs(urlsplit(self.path).query)["command"])
        output = next((text for part, text in self.cluster.exec.items() if part in asked), None)
        accept = hashlib.sha1(  # noqa: S324  the protocol's own
            (self.headers["Sec-WebSocket-Key"] + WEBSOCKET).encode()
        ).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(accept).decode())
        self.send_header("Sec-WebSocket-Protocol", "v5.channel.k8s.io")
        self.end_headers()
        done = {"metadata": {}, "status": "Success"}
        if output is None:
            causes = [{"reason": "ExitCode", "message": "1"}]
            done = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
            self.frame(b"\x02" + f"no such command in the stand-in: {asked}\n".encode())
        else:
            self.frame(b"\x01" + output.encode())
        self.frame(b"\x03" + json.dumps(done).encode())
        self.wfile.write(bytes([0x88, 2, 0x03, 0xE8]))  # close, 1000
        self.wfile.flush()
        self.close_connection = True

    def frame(self, data: bytes) -> None:
        """One binary frame from the server: not masked."""
        size = bytes([len(data)]) if len(data) < 126 else bytes([126]) + len(data).to_bytes(2, "big")
        self.wfile.write(b"\x82" + size + data)


def groups() -> list[Object]:
    """The groups of the API, each in version v1."""
    found = []
    for group in filter(None, KINDS):
        version = {"groupVersion": f"{group}/v1", "version": "v1"}
        found.append({"name": group, "versions": [version], "preferredVersion": version})
    return found


def resources(group: str) -> Object:
    """The kinds of a group."""
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    items: list[Object] = []
    for plural, (kind, namespaced) in KINDS[group].items():
        items.append(
            {
                "name": plural,
                "singularName": kind.lower(),
                "namespaced": namespaced,
                "kind": kind,
                "verbs": verbs,
                "shortNames": SHORT.get(plural, []),
            }
        )
    return {"kind": "APIResourceList", "groupVersion": f"{group}/v1".lstrip("/"), "resources": items}


def schema(group: str) -> Object:
    """As much OpenAPI as tells kubectl that the server validates fields and dry runs itself."""
    prefix = f"/apis/{group}/v1" if group else "/api/v1"
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("dryRun", "fieldValidation")]
    paths = {}
    for plural, (kind, namespaced) in KINDS[group].items():
        where = f"{prefix}/namespaces/{{namespace}}/{plural}/{{name}}" if namespaced else f"{prefix}/{plural}/{{name}}"
        known = {"group": group, "version": "v1", "kind": kind}
        paths[where] = {
            "patch": {
                "x-kubernetes-group-version-kind": known,
                "parameters": parameters,
                "responses": {"200": {"description": "OK"}},
            }
        }
    return {"openapi": "3.0.0", "info": {"title": "stand-in", "version": "v1"}, "paths": paths}


def main() -> None:
    """Serves until it is killed; prints its port when it listens."""
    options = argparse.ArgumentParser()
    options.add_argument("--log", type=Path, required=True)
    options.add_argument("--objects", type=Path, required=True)
    options.add_argument("--port", type=int, default=0)
    chosen = options.parse_args()
    Handler.cluster = Cluster(json.loads(chosen.objects.read_text(encoding="utf-8")), chosen.log)
    server = ThreadingHTTPServer(("127.0.0.1", chosen.port), Handler)
    server.daemon_threads = True
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    sys.stdout.close()
    server.serve_forever()


if __name__ == "__main__":
    main()
