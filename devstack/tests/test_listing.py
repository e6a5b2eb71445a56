"""A bench prints its list alone on stdout, whatever its parts print while it measures."""

import json
import subprocess
import sys

from devstack.places import ROOT

NOISY = """
import subprocess, sys
from listing import show
def measure():
    print("a migration's log")
    subprocess.run([sys.executable, "-c", "print('of a child')"], check=True)
    return [{"name": "one", "value": 1.5, "unit": "s", "peer": "two", "peer_value": 3.0, "ratio": 0.5}]
show(measure, as_json=sys.argv[1] == "json")
print("afterwards")
"""


def printed(kind: str) -> tuple[str, str]:
    argv = [sys.executable, "-c", NOISY, kind]
    done = subprocess.run(argv, cwd=ROOT / "benchmarks", capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def test_stdout_is_the_list_alone() -> None:
    out, told = printed("json")
    listed, _, after = out.partition("\n")
    assert [line["name"] for line in json.loads(listed)] == ["one"]
    assert after == "afterwards\n"
    assert "a migration's log" in told and "of a child" in told


def test_the_table_names_the_peer() -> None:
    out, _ = printed("table")
    assert out.splitlines()[0].split() == ["one", "1.5", "s", "0.5", "x", "3.0", "s", "(two)"]
