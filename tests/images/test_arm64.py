"""The Mac is arm64 and nothing here runs that: at least everything that is locked or installed exists for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.images import CHAINS, LOCKS, PYTHON, RECIPES, Workshop
from devstack.mirrors import debian_sources, machine_apt_settings
from devstack.places import BOOT, ROOT

pytestmark = [pytest.mark.images, pytest.mark.timeout(300)]

INSTALLS = re.compile(r"apt-get -q install -y --no-install-recommends ([^&\n]+)")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_wheel_for_aarch64(lock: str, tmp_path: Path) -> None:
    done = resolve(ROOT / "requirements" / f"{lock}.txt", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Would install" in done.stderr


def test_a_package_without_such_a_wheel_would_be_noticed(tmp_path: Path) -> None:
    file = tmp_path / "other.txt"
    file.write_text("pywin32==312 --hash=sha256:" + "0" * 64 + "\n")
    done = resolve(file, tmp_path)
    assert done.returncode != 0
    assert "aarch64" in done.stderr


def resolve(file: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """What uv would install on the cluster's machine; nothing is downloaded but the index' pages."""
    uv = next(place for place in (BOOT / "venv/bin/uv", BOOT / "lib/bin/uv") if place.exists())
    argv = [uv, "pip", "install", "--dry-run", "--target", folder / "target", "--python", sys.executable]
    argv += ["--python-version", PYTHON, "--python-platform", "aarch64-manylinux_2_40"]
    argv += ["--only-binary", ":all:", "--require-hashes", "--no-deps", "-r", file]
    env = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=False)


def test_every_debian_package_of_every_image_exists_for_arm64(workshop: Workshop, tmp_path: Path) -> None:
    folders = (
        "etc/apt.conf.d",
        "etc/sources.list.d",
        "etc/preferences.d",
        "state/lists/partial",
        "cache/archives/partial",
    )
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "status").touch()
    (tmp_path / "etc/sources.list").write_text("\n".join(debian_sources()) + "\n")
    (tmp_path / "etc/apt.conf.d/machine").write_text(machine_apt_settings())
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Dir::Etc": tmp_path / "etc",
        "Dir::Etc::Trusted": "/etc/apt/trusted.gpg",
        "Dir::Etc::TrustedParts": "/etc/apt/trusted.gpg.d",
        "Dir::State": tmp_path / "state",
        "Dir::State::status": tmp_path / "status",
        "Dir::Cache": tmp_path / "cache",
    }
    apt = ["apt-get", "-q", *(part for key, value in settings.items() for part in ("-o", f"{key}={value}"))]
    subprocess.run([*apt, "update"], capture_output=True, check=True)
    wanted: set[str] = set()
    for name in (name for chain in CHAINS for name in chain):
        text = (RECIPES / name / "Dockerfile").read_text().replace("\\\n", " ")
        packages = {package for found in INSTALLS.findall(text) for package in found.split()}
        assert packages, name
        wanted |= packages
    assert {"chromium", "rabbitmq-server", "freeradius", "nginx"} <= wanted
    done = subprocess.run(
        [*apt, "--simulate", "install", "--no-install-recommends", *sorted(wanted)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    installed = set(re.findall(r"^Inst (\S+?)(?::arm64)? .*\[(?:arm64|all)\]", done.stdout, re.MULTILINE))
    assert wanted <= installed, wanted - installed
