"""Nothing here depends on a cloud's provider, so nothing names one. The context string is the one exception."""

import re
import subprocess

import pytest

from devstack.places import ROOT

PROVIDERS = (
    r"linode",
    r"\blke\b",
    r"lke\d",
    r"akamai",
    r"digital\s?ocean",
    r"hetzner",
    r"\baws\b",
    r"\beks\b",
    r"\bgke\b",
    r"\baks\b",
    r"\bovh\b",
    r"\bscaleway\b",
    r"\bvultr\b",
    r"\bazure\b",
    r"google cloud",
    r"\bgcp\b",
    r"\bcivo\b",
    r"\bexoscale\b",
)
NAMED = re.compile("|".join(PROVIDERS), re.IGNORECASE)
CONTEXT = "lke560651-ctx"
ITSELF = "tests/test_names.py"


def named(text: str) -> list[str]:
    """Every provider that a text names, with its line; the context string does not count."""
    lines = text.replace(CONTEXT, "").splitlines()
    return [f"line {number}: {found[0]}" for number, line in enumerate(lines, 1) for found in NAMED.finditer(line)]


def ours() -> list[str]:
    """Every text file in git, but what others wrote into a lock file."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [
        name
        for name in listed.stdout.splitlines()
        if (ROOT / name).is_file() and name != ITSELF and not name.endswith(("package-lock.json", ".png", ".ico"))
    ]


def test_no_file_names_a_provider() -> None:
    found = {}
    for name in ours():
        if said := named(name) + named((ROOT / name).read_text(encoding="utf-8", errors="replace")):
            found[name] = said
    assert not found, f'say "cloud K8s": {found}'


@pytest.mark.parametrize(
    "text",
    [
        "kubectl --context lke560651",
        "an LKE cluster",
        "runs on Linode",
        "Digital Ocean",
        "moved to AWS",
        "GKE Autopilot",
    ],
)
def test_a_providers_name_is_found(text: str) -> None:
    assert named(text)


def test_the_context_string_is_the_one_exception() -> None:
    assert named(f"CLOUD_KUBE_CONTEXT={CONTEXT}") == []
    assert named("lke560652-ctx")


def test_the_cloud_is_called_cloud_k8s_where_it_is_described() -> None:
    for name in ("docs/infrastructure-topology.md", "docs/operations.md"):
        assert "cloud K8s" in (ROOT / name).read_text(encoding="utf-8")
