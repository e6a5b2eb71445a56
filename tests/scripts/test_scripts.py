"""The shell scripts: bats, with the real kubectl against a stand-in API server per context; and bash 3.2.

Each .bats file is one test here. In every one of them a teardown fails a test in whose course the cloud was called,
unless it is one of the three that mean it (deploy.sh cloud and the read-only health check).
"""

import copy
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from devstack.checks import shell_files
from devstack.kubernetes import manifests, standin
from devstack.places import ROOT
from devstack.testing import run_folder

HERE = Path(__file__).parent
FILES = sorted(path.name for path in HERE.glob("*.bats"))
KEPT = re.compile(r"^(MT_|AGENT_|IRON_CLAW_|KUBE|BATS|DATABASE_|AMQP_)")


def healthy(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """The cluster at home on a good day: what the API server is to be told."""
    more: list[dict[str, Any]] = []
    for item in objects:
        if item["kind"] in ("Deployment", "StatefulSet"):
            replicas = item["spec"].get("replicas", 1)
            meta = item["metadata"]
            item["status"] = {"readyReplicas": replicas, "replicas": replicas, "updatedReplicas": replicas}
            name = f"{meta['name']}-0"
            status = {"ready": True, "restartCount": 0, "name": meta["name"], "state": {}}
            more.append(
                {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {
                        "name": name,
                        "namespace": meta["namespace"],
                        "labels": item["spec"]["template"]["metadata"]["labels"],
                    },
                    "spec": {
                        "containers": [{"name": c["name"]} for c in item["spec"]["template"]["spec"]["containers"]]
                    },
                    "status": {
                        "phase": "Running",
                        "containerStatuses": [status],
                        "conditions": [{"type": "Ready", "status": "True"}],
                    },
                }
            )
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": "match-scraper-agent-1",
            "namespace": "match-scraper",
            "creationTimestamp": "2026-11-25T14:00:00Z",
        },
        "spec": {},
        "status": {"conditions": [{"type": "Complete", "status": "True"}]},
    }
    secrets = []
    for file in (ROOT / "deploy" / "rancher-desktop" / "secrets.example").glob("*.env"):
        space, _, name = file.stem.partition(".")
        keys = [line.split("=")[0] for line in file.read_text().splitlines() if "=" in line and line[0] != "#"]
        meta = {"name": name, "namespace": space}
        data = dict.fromkeys(keys, "eA==")
        secrets.append({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data})
    users = [{"username": "agent", "monthly_budget": 1000, "monthly_used": 120, "running": None}]
    return {
        "reset": True,
        "objects": [
            *(o for o in objects if o["kind"] in ("Deployment", "StatefulSet", "CronJob")),
            *more,
            job,
            *secrets,
        ],
        "exec": {"list_queues": "matches\t3\t2\nmatches.dead\t0\t0\n", "users list": json.dumps(users)},
        "pages": {
            "/health/ready": [200, '{"status":"ok"}'],
            "/health/fresh": [200, '{"status":"ok","checks":{"landed":"last landed 2026-11-25 14:01 UTC"}}'],
        },
    }


def broken(good: dict[str, Any]) -> dict[str, Any]:
    """The same on a day when nearly everything is wrong at once."""
    bad = copy.deepcopy(good)

    def item(kind: str, name: str) -> dict[str, Any]:
        return next(o for o in bad["objects"] if o["kind"] == kind and o["metadata"]["name"] == name)

    item("CronJob", "match-scraper-agent")["spec"]["suspend"] = True
    del item("Secret", "freeradius")["data"]["db-password"]
    bad["objects"].remove(item("Secret", "radius"))
    item("Deployment", "freeradius")["status"]["readyReplicas"] = 0
    crashed = {"ready": False, "restartCount": 7, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    item("Pod", "freeradius-0")["status"]["containerStatuses"] = [crashed]
    item("Pod", "iron-claw-proxy-0")["status"]["containerStatuses"][0]["restartCount"] = 4
    item("Deployment", "celery-worker")["spec"]["template"]["spec"]["containers"][0]["image"] = (
        "missing-table/worker:0.0.9"
    )
    item("Job", "match-scraper-agent-1")["status"]["conditions"][0]["type"] = "Failed"
    later = copy.deepcopy(item("Job", "match-scraper-agent-1"))
    later["metadata"] |= {"name": "match-scraper-agent-dry-run-9", "creationTimestamp": "2026-11-25T15:00:00Z"}
    later["status"]["conditions"][0]["type"] = "Complete"
    bad["objects"].append(later)
    users = [
        {"username": name, "monthly_budget": 1000, "monthly_used": n} for name, n in (("agent", 950), ("ann", 1000))
    ]
    bad["exec"] = {"list_queues": "matches\t12\t0\nmatches.dead\t2\t0\n", "users list": json.dumps(users)}
    bad["pages"]["/health/ready"] = [503, '{"status":"no database"}']
    bad["pages"]["/health/fresh"] = [503, '{"status":"stale"}']
    return bad


@pytest.fixture(scope="session")
def given(request: pytest.FixtureRequest) -> Path:
    """A folder with what each stand-in holds at the start."""
    folder = run_folder(request.config) / "clusters"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            folder.mkdir()
            for name, cluster in (("home", "rancher-desktop"), ("cloud", "cloud")):
                objects = manifests.cluster(cluster)
                (folder / f"{name}.json").write_text(json.dumps(objects))
                if name == "home":
                    good = healthy(objects)
                    (folder / "healthy.json").write_text(json.dumps(good))
                    (folder / "broken.json").write_text(json.dumps(broken(good)))
    return folder


def bats_tests() -> list[tuple[str, str]]:
    """Return file and name of every @test, so that each is an item that any worker may take."""
    found = [
        (file, name)
        for file in FILES
        for name in re.findall(r"^@test [\"'](.*)[\"'] *\{$", (HERE / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert {file for file, _ in found} == set(FILES)
    return found


@pytest.mark.parametrize(("file", "name"), bats_tests())
def test_bats(file: str, name: str, given: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not KEPT.match(name)}
    env |= {
        "MT_ROOT": str(ROOT),
        "MT_KUBECTL": str(manifests.kubectl()),
        "MT_STANDIN": standin.__file__,
        "MT_OBJECTS": str(given),
        "MT_PYTHON": sys.executable,
        "NO_PROXY": "127.0.0.1",
        "MT_JOB_PAUSE_S": "0.2",
    }
    just_this = "^" + re.sub(r"\W", ".", name) + "$"
    done = subprocess.run(
        ["bats", "--print-output-on-failure", "--filter", just_this, str(HERE / file)],
        env=env,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^1\.\.1$", done.stdout, re.MULTILINE), f"not one test of that name: {done.stdout}"


MODERN = {
    "associative arrays": r"\b(declare|local|typeset)\s+-[a-zA-Z]*A",
    "mapfile": r"\b(mapfile|readarray)\b",
    "lower and upper case": r"\$\{[A-Za-z_]\w*(\[[^]]*\])?(,,?|\^\^?)[^}]*\}",
    "name references": r"\b(declare|local|typeset)\s+-[a-zA-Z]*n\b",
    "appending both": r"&>>",
    "piping both": r"\|&",
    "coprocesses": r"\bcoproc\b",
    "globstar": r"\bglobstar\b",
    "negative indices": r"\$\{\w+\[-\d",
    "falling through a case": r";;?&(?!\d)(\s|$)",
    "wait -n": r"(?<!kube )\bwait\s+-n\b",
    "the last argument's epoch": r"\$EPOCHSECONDS|\$\{EPOCH",
    "transformations": r"\$\{[^}]*@[QEPAaUuLK]\}",
    "printf's time": r"printf\s.*%\(",
    "read's fraction": r"read\s+-t\s*0\.",
}


def too_modern(text: str) -> list[str]:
    """What bash 3.2, macOS's own, does not know."""
    lines = [re.sub(r"(^|\s)#.*", "", line) for line in text.splitlines()]
    return [
        f"line {n}: {what}" for n, line in enumerate(lines, 1) for what, form in MODERN.items() if re.search(form, line)
    ]


def bash_files() -> list[str]:
    return [name for name in shell_files() if not name.startswith(("tests/", "deploy/images/"))]


@pytest.mark.parametrize("file", bash_files())
def test_scripts_run_on_the_bash_of_a_mac(file: str) -> None:
    assert too_modern((ROOT / file).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "declare -A ports",
        "local -rA x=()",
        "mapfile -t lines < file",
        "readarray lines",
        'echo "${name,,}"',
        'echo "${name^^}"',
        "local -n other=$1",
        "make &>> log",
        "make |& tee log",
        "coproc cat",
        'echo "${words[-1]}"',
        "shopt -s globstar",
        "wait -n",
        'printf "%(%F)T" -1',
        'echo "${x@Q}"',
    ],
)
def test_the_lint_finds(line: str) -> None:
    assert too_modern(f"#!/bin/bash\n{line}\n")


def test_the_lint_leaves_what_bash_3_knows() -> None:
    fine = 'local x=$1\ndeclare -a list\necho "${x%,}" ${list[@]+"${list[@]}"} # ${x,,}\nmake >>log 2>&1\n'
    assert too_modern(fine) == []


def test_kubectl_is_called_with_a_context_or_where_it_reaches_no_cluster() -> None:
    """`kube` and `kube_stream` pass --context; the rest are config, kustomize and --local."""
    harmless = re.compile(
        r"kubectl (config|kustomize|patch --local)\b|command -v kubectl|kubectl --context|kubectl says: "
    )
    for file in (path for path in (ROOT / "scripts").rglob("*.sh")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            code = re.sub(r'"[^"$]*"', '""', line)  # sentences
            code = re.sub(r"(^|\s)#.*", "", code)
            if re.search(r"(^|[\s(|;&])kubectl ", code):
                assert harmless.search(code), f"{file.name}:{number}: {line}"


def test_scripts_need_no_jq() -> None:
    for file in (ROOT / "scripts").rglob("*.sh"):
        assert not re.search(r"(^|[|(;\s])jq\s+['\"-]", file.read_text(encoding="utf-8")), file.name
