"""The programs that build and run images here, and their settings."""

from __future__ import annotations

import shutil
from pathlib import Path

from devstack.setup import Needed

TOOLS = (
    *(
        Needed(program, lambda program=program: shutil.which(program, path="/usr/bin:/usr/sbin:/bin") is not None)  # type: ignore[misc]
        for program in ("buildah", "podman", "runc", "mmdebstrap", "catatonit")
    ),
    Needed("netavark", lambda: Path("/usr/lib/podman/netavark").exists()),
    Needed("aardvark-dns", lambda: Path("/usr/lib/podman/aardvark-dns").exists()),
    Needed("iptables", lambda: Path("/usr/sbin/iptables").exists()),
)
"""The first four build and run images; pods need catatonit, podman's own networks the last three."""
COMPOSE_TOOLS = (Needed("docker-compose", lambda: shutil.which("docker-compose") is not None),)
"""What compose.yaml is tried with."""
CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=8192:8192", "nproc=8192:8192"]
netns = "host"
pids_limit = 0

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"

[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"""
"""Networks are ours as the storage is; the other backend, which podman may choose by itself, has no names in them."""
