"""What lies in the finished images: their sizes, and no program that they do not need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.images import IMAGES, LIMITS_MB, Workshop

pytestmark = [pytest.mark.images, pytest.mark.xdist_group("images"), pytest.mark.timeout(600)]

SHELLS = frozenset({"sh", "bash", "dash", "ash", "busybox", "zsh", "ksh", "csh", "fish"})
INSTALLERS = frozenset({"apt", "apt-get", "dpkg", "pip", "pip3", "uv", "npm", "perl"})
KEEP_A_SHELL = frozenset({"freeradius", "rabbitmq", "frontend"})
"""Their start or health scripts, and RabbitMQ's own, are shell scripts."""


def programs(shop: Workshop, name: str) -> Iterator[Path]:
    """Every executable file of an image, and every link that has a program's place, as paths from its root."""
    root = Path(shop.call("podman", "image", "mount", shop.image(name)).strip())
    try:
        for file in root.rglob("*"):
            linked = file.is_symlink() and file.parent.name in ("bin", "sbin")
            if linked or (file.is_file() and not file.is_symlink() and file.stat().st_mode & 0o111):
                yield file.relative_to(root)
    finally:
        shop.call("podman", "image", "unmount", shop.image(name))


@pytest.mark.parametrize("name", IMAGES)
def test_it_has_no_installer_and_a_shell_only_where_its_scripts_need_one(workshop: Workshop, name: str) -> None:
    found = list(programs(workshop, name))
    assert found
    names = {file.name for file in found}
    assert not names & INSTALLERS, sorted(map(str, found))
    shells = names & SHELLS
    assert shells == ({"sh", "dash"} if name in KEEP_A_SHELL else set()), [str(f) for f in found if f.name in shells]


@pytest.mark.parametrize("name", LIMITS_MB)
def test_it_is_within_its_limit(workshop: Workshop, name: str) -> None:
    built = workshop.weigh(name)
    assert built.fits, built.shown
