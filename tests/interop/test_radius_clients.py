"""RADIUS clients that others wrote, against our raddb: the npm package, which shares no line with ours, and radtest."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devstack import strangers
from devstack.strangers import NodeProject
from devstack.testing.radius import Radius

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def node_radius() -> NodeProject:
    return strangers.node("radius", print)


@pytest.fixture
def dictionary(tmp_path: Path, radius: Radius) -> Path:
    """Our attributes in the form that the package reads: without the include of FreeRADIUS' own."""
    lines = (radius.server.raddb / "dictionary").read_text().splitlines()
    ours = [line for line in lines if line.startswith(("VENDOR", "BEGIN", "END", "ATTRIBUTE\tMT-"))]
    file = tmp_path / "dictionary.misstable"
    file.write_text("\n".join(line for line in ours if "\t300" not in line) + "\n")
    return file


def ask(
    node_radius: NodeProject,
    dictionary: Path,
    code: str,
    port: int,
    secret: str,
    attributes: list[Any],
    wait_s: int = 20,
) -> dict[str, Any]:
    told = {
        "dictionary": str(dictionary),
        "host": "127.0.0.1",
        "port": port,
        "secret": secret,
        "code": code,
        "attributes": attributes,
        "wait_ms": wait_s * 1000,
    }
    done = subprocess.run(
        [*node_radius.program, "ask.js", json.dumps(told)],
        cwd=node_radius.folder,
        env=node_radius.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_npm_package_is_let_in_with_its_grant_and_its_session_is_counted(
    radius: Radius, node_radius: NodeProject, dictionary: Path
) -> None:
    radius.add_user("ann", "pw", MT_Token_Budget=5000, MT_Model_Allowed="claude-x", Session_Timeout=3600)
    server = radius.server
    attributes: list[Any] = [["User-Name", "ann"], ["User-Password", "pw"]]
    accept = ask(node_radius, dictionary, "Access-Request", server.auth_port, server.secret, attributes)
    assert (accept["code"], accept["genuine"]) == ("Access-Accept", True)
    assert accept["attributes"]["Vendor-Specific"] == {"MT-Token-Budget": 5000, "MT-Model-Allowed": "claude-x"}
    assert accept["attributes"]["Session-Timeout"] == 3600
    attributes[1][1] = "wrong"
    reject = ask(node_radius, dictionary, "Access-Request", server.auth_port, server.secret, attributes)
    assert (reject["code"], reject["attributes"]["Reply-Message"]) == ("Access-Reject", "bad-credentials")
    for kind, tokens in (("Start", 0), ("Interim-Update", 70), ("Stop", 100)):
        told: list[Any] = [
            ["User-Name", "ann"],
            ["Acct-Session-Id", "node-1"],
            ["Acct-Status-Type", kind],
            ["NAS-IP-Address", "127.0.0.1"],
            ["Acct-Input-Octets", tokens],
        ]
        answer = ask(node_radius, dictionary, "Accounting-Request", server.acct_port, server.secret, told)
        assert (answer["code"], answer["genuine"]) == ("Accounting-Response", True), kind
    (row,) = radius.rows("select acctinputoctets i, acctstoptime is not null closed from radacct")
    assert (row["i"], row["closed"]) == (100, True)


def test_radtest_is_answered(radius: Radius) -> None:
    radius.add_user("ann", "pw", MT_Token_Budget=5000)
    server = radius.server

    def radtest(password: str) -> subprocess.CompletedProcess[str]:
        argv = [
            "radtest",
            "-d",
            str(server.raddb),
            "ann",
            password,
            f"127.0.0.1:{server.auth_port}",
            "0",
            server.secret,
        ]
        return subprocess.run(argv, env=server.environment(), capture_output=True, text=True, check=False, timeout=60)

    right, wrong = radtest("pw"), radtest("wrong")
    assert (right.returncode, "MT-Token-Budget = 5000" in right.stdout) == (0, True), right.stdout + right.stderr
    assert (wrong.returncode, "bad-credentials" in wrong.stdout) == (1, True)
