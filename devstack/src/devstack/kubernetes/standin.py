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
import hashlib
import json
import re
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from devstack.kubernetes.cluster import KINDS, Cluster, Key, Object, key_of, merged, selected
from devstack.kubernetes.discovery import groups, resources, schema

PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>v1)(?:/namespaces/(?P<ns>[^/]+))?/(?P<plural>[a-z]+)"
    r"(?:/(?P<name>[^/]+))?(?:/(?P<sub>[a-z]+))?"
)

WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Answering(BaseHTTPRequestHandler):
    """How a request is answered: JSON, text, an error as the API has it, a WebSocket's frame."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Requests go to our own log."""

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

    def frame(self, data: bytes) -> None:
        """One binary frame from the server: not masked."""
        size = bytes([len(data)]) if len(data) < 126 else bytes([126]) + len(data).to_bytes(2, "big")
        self.wfile.write(b"\x82" + size + data)


class Handler(Answering):
    """One request."""

    cluster: Cluster

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
