"""What this machine knows of mirrors and indexes, for builds that know none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from devstack.errors import CannotStart
from devstack.places import BOOT

SUITE = "trixie"
"""Debian 13: RabbitMQ 4, FreeRADIUS 3.2.7 and Python 3.13 are its own."""


def pip_python() -> Path:
    """A Python that has pip: that of uv's own folder, else the one beneath ours."""
    for python in (BOOT / "venv" / "bin" / "python", Path(getattr(sys, "_base_executable", None) or sys.executable)):
        if (
            python.exists()
            and subprocess.run([python, "-c", "import pip"], capture_output=True, check=False).returncode == 0
        ):
            return python
    raise CannotStart("no Python with pip was found: apt-get install python3-pip, then call it again.")


def debian_sources() -> list[str]:
    """sources.list lines of the images' suite on the mirrors that this machine uses for its own."""
    known = dict(
        line.partition("=")[::2]
        for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
        if "=" in line
    )
    ours = known.get("VERSION_CODENAME", "").strip('"')
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = []
    for line in dict.fromkeys(done.stdout.splitlines()):
        uri, release, component = line.split()
        if (
            known.get("ID") == "debian"
            and component == "main"
            and release in (ours, f"{ours}-updates", f"{ours}-security")
        ):
            found.append(f"deb {uri} {release.replace(ours, SUITE)} main")
    if not found:
        raise CannotStart(
            "images are made from Debian's mirrors, and `apt-get indextargets` names none on this machine."
        )
    return sorted(set(found))


def machine_apt_settings() -> str:
    """What this machine tells apt about fetching (proxies, checks), for apt inside a build."""
    done = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=False)
    wanted = ("Acquire::http", "Acquire::https", "Acquire::Check", "Acquire::Retries", "Acquire::By-Hash")
    return "".join(
        f"{line}\n" for line in done.stdout.splitlines() if line.startswith(wanted) and not line.endswith('"";')
    )
