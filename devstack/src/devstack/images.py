"""Builds the container images of deploy/images here, without a registry, and runs them; ./mt images is its command.

The base is a Debian 13 that mmdebstrap makes from this machine's own mirror; buildah builds on it, podman runs what
came of it. What this machine knows of mirrors and indexes reaches a build as the base's own sources, as a folder of
wheels that was filled before, and as a mounted npmrc: never through a file of the repository. Storage and settings are
our own (FOLDER/storage, FOLDER/containers.conf); the machine's container storage, if it has one, is not touched.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
import tomllib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from filelock import FileLock

from devstack import setup
from devstack.container_tools import CONTAINERS_CONF, TOOLS
from devstack.errors import BadSettings, CannotStart
from devstack.mirrors import SUITE, debian_sources, machine_apt_settings, pip_python
from devstack.places import ROOT
from devstack.services import process
from devstack.setup import Say, step

PYTHON = "3.13"
IMAGES = ("agent", "worker", "iron-claw-proxy", "freeradius", "rabbitmq", "backend", "frontend")
CHAINS = (("worker", "backend", "iron-claw-proxy", "agent"), ("rabbitmq", "freeradius", "frontend", "postgres"))
"""Built side by side; within a chain the later find the earlier ones' layers. `postgres` is for compose.yaml alone."""
LIMITS_MB = {"agent": 550, "worker": 150, "iron-claw-proxy": 150, "backend": 150, "frontend": 80}
"""Of the compressed archive, in millions of bytes."""
UID = 10001
LOCKS = ("bootstrap", "node", "images/build", "images/missing-table", "images/iron-claw", "images/match-scraper-agent")
RECIPES = ROOT / "deploy" / "images"
KEEP_AT_MOST_GB = 15
"""Layers that no build uses any more stay for a while; beyond this, the storage is begun anew."""
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


def version() -> str:
    """Of the packages, which the images carry as their tag."""
    project = tomllib.loads((ROOT / "packages" / "missing-table" / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def revision() -> str:
    """The commit, `-dirty` where the checkout has changes; unknown outside a checkout."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


@dataclass(frozen=True)
class Built:
    """An image that is there: its id, and the size of its compressed archive in bytes."""

    name: str
    tag: str
    image_id: str
    archive_bytes: int

    @property
    def limit_mb(self) -> int | None:
        """None: no limit is agreed."""
        return LIMITS_MB.get(self.name)

    @property
    def fits(self) -> bool:
        return self.limit_mb is None or self.archive_bytes <= self.limit_mb * 1_000_000

    @property
    def shown(self) -> str:
        """Its size and its limit, as a person reads it."""
        limit = f"limit {self.limit_mb} MB" if self.limit_mb else "no limit agreed"
        verdict = "" if self.fits else "  TOO LARGE"
        return f"{self.tag:40} {self.archive_bytes / 1e6:6.1f} MB compressed ({limit}){verdict}"


@dataclass(frozen=True)
class Workshop:
    """Where images are built and kept: one folder, which may be deleted at any time (`podman rm` first what runs)."""

    folder: Path

    def environment(self) -> dict[str, str]:
        """For buildah and podman: our storage and our settings."""
        return {
            **process.clean_environment(),
            **{key: value for key, value in os.environ.items() if key.lower().endswith("_proxy")},
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(self.folder / "registries.conf"),
            "TMPDIR": str(self.folder / "tmp"),
        }

    def prepare(self, say: Say) -> None:
        """Installs the tools and writes their settings. CannotStart where this machine cannot build or run images."""
        if os.geteuid() != 0:
            raise CannotStart(
                "images are built as root here: call it with sudo, or use `docker build` with the same files."
            )
        try:
            with setup.one_at_a_time(say):
                setup.debian_packages(TOOLS, say)
        except setup.NoServers as error:
            raise CannotStart(f"{error} They build and run the images.") from None
        for part in (".", "tmp", "wheels"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        storage = f'[storage]\ndriver = "overlay"\ngraphroot = "{self.folder}/storage"\nrunroot = "{self.folder}/run"\n'
        for name, text in (
            ("containers.conf", CONTAINERS_CONF.format(folder=self.folder)),
            ("storage.conf", storage),
            ("registries.conf", 'unqualified-search-registries = []\nshort-name-mode = "disabled"\n'),
        ):
            file = self.folder / name
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                file.write_text(text, encoding="utf-8")

    def call(self, *argv: str | Path, what: str = "") -> str:
        """Runs one of the tools; its stdout. CannotStart with its last lines when it fails."""
        done = subprocess.run(
            [str(part) for part in argv],
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
            raise CannotStart(f"{what or ' '.join(map(str, argv[:3]))}: failed with {done.returncode}.\n{tail}")
        return done.stdout

    def image(self, name: str) -> str:
        """The full name of an image, as buildah and podman know it here."""
        return f"localhost/missing-table/{name}:{version()}"

    def has(self, image: str) -> bool:
        """Whether the storage holds it."""
        argv = ["podman", "image", "exists", image]
        return subprocess.run(argv, env=self.environment(), capture_output=True, check=False).returncode == 0

    # what a build stands on

    @cached_property
    def base(self) -> str:
        """The base's name. A new one every week, so that security updates arrive, and when the mirrors change."""
        year, week, _ = datetime.now(UTC).isocalendar()
        key = hashlib.sha256("\n".join((*debian_sources(), machine_apt_settings())).encode()).hexdigest()[:8]
        return f"localhost/missing-table/base:{SUITE}-{year}w{week:02d}-{key}"

    def make_base(self, say: Say) -> None:
        """Makes the base where there is none yet."""
        if self.has(self.base):
            return
        tar, settings = self.folder / "tmp" / "base.tar", self.folder / "tmp" / "apt.conf"
        settings.write_text(machine_apt_settings(), encoding="utf-8")
        argv: list[str | Path] = ["mmdebstrap", "--variant=apt", "--include=ca-certificates", f"--aptopt={settings}"]
        argv += [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("man", "locale", "info", "lintian")]
        argv += ["--dpkgopt=force-unsafe-io", "--skip=cleanup/apt/lists", SUITE, tar, *debian_sources()]
        step(
            argv,
            f"making a base of Debian {SUITE} (mmdebstrap)",
            "Are the Debian mirrors reachable, and do they have that suite?",
            say,
            env={"TMPDIR": str(self.folder / "tmp")},
        )
        self.call("podman", "import", "--quiet", tar, self.base, what="importing the base")
        tar.unlink()

    def fill_wheels(self, say: Say) -> Path:
        """The folder of every wheel that the images' locks name, fetched with this machine's own settings of pip."""
        wheels, mark = self.folder / "wheels", self.folder / "wheels.stamp"
        locks = [ROOT / "requirements" / f"{name}.txt" for name in LOCKS]
        stamp = hashlib.sha256(b"\0".join(lock.read_bytes() for lock in locks)).hexdigest()
        if mark.exists() and mark.read_text(encoding="utf-8") == stamp:
            return wheels
        shutil.rmtree(wheels, ignore_errors=True)
        machine = os.uname().machine
        platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(41, 16, -1)] + [
            f"manylinux2014_{machine}",
            "any",
        ]
        argv: list[str | Path] = [pip_python(), "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"]
        argv += ["--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "cp", "--dest", wheels]
        argv += [part for platform in platforms for part in ("--platform", platform)]
        argv += [part for abi in ("cp" + PYTHON.replace(".", ""), "abi3", "none") for part in ("--abi", abi)]
        argv += [part for lock in locks for part in ("-r", lock)]
        step(
            argv,
            "fetching the images' wheels",
            "Is the package index reachable (network, proxy, pip.conf)?",
            say,
            env={"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
        )
        mark.write_text(stamp, encoding="utf-8")
        return wheels

    def npmrc(self) -> Path:
        """This machine's settings of npm in one file, for the step that fetches the site's packages."""
        lines = [f"{key[11:]}={value}" for key, value in os.environ.items() if key.lower().startswith("npm_config_")]
        for scope in ("globalconfig", "userconfig"):
            done = subprocess.run(["npm", "config", "get", scope], capture_output=True, text=True, check=False)
            file = Path(done.stdout.strip() or "/nonexistent") if done.returncode == 0 else Path("/nonexistent")
            if file.is_file():
                lines.insert(0, file.read_text(encoding="utf-8"))
        return process.write_private(self.folder / "tmp" / "npmrc", "\n".join(reversed(lines)) + "\n")

    # building

    def build(self, names: Iterable[str], say: Say) -> list[Built]:
        """Builds these images (out of cached layers where nothing changed) and weighs them, in the order given."""
        wanted = list(names)
        self.prepare(say)
        with FileLock(self.folder / "lock"):
            self._begin_anew_when_large(say)
            self.make_base(say)
            wheels, npmrc = self.fill_wheels(say), self.npmrc()
            try:
                with ThreadPoolExecutor(len(CHAINS)) as pool:
                    chains = [[name for name in chain if name in wanted] for chain in CHAINS]
                    for done in [pool.submit(self._build_chain, chain, wheels, npmrc, say) for chain in chains]:
                        done.result()
            finally:
                npmrc.unlink()
            return [self.weigh(name) for name in wanted]

    def _build_chain(self, names: list[str], wheels: Path, npmrc: Path, say: Say) -> None:
        for name in names:
            self._build_one(name, wheels, npmrc, say)

    def _build_one(self, name: str, wheels: Path, npmrc: Path, say: Say) -> None:
        started = time.monotonic()
        self.call(*self.build_argv(name, wheels, npmrc), what=f"building the image {name}")
        say(f"image {name}: built in {time.monotonic() - started:.1f} s")

    def build_argv(
        self,
        name: str,
        wheels: Path,
        npmrc: Path,
        *,
        context: Path = ROOT,
        tag: str | None = None,
        isolation: tuple[str, ...] = ("--isolation=chroot",),
    ) -> list[str | Path]:
        """The call of buildah for one recipe, of a checkout in `context`."""
        argv: list[str | Path] = ["buildah", "bud", "--quiet", *isolation, "--layers", "--format=docker"]
        argv += ["--pull-never", f"--volume={wheels}:/wheels:ro", f"--secret=id=npmrc,src={npmrc}"]
        if CA_BUNDLE.exists():
            argv.append(f"--volume={CA_BUNDLE}:{CA_BUNDLE}:ro")
        arguments = {
            "BASE": self.base,
            "VERSION": version(),
            "REVISION": revision(),
            "PIP_FIND_LINKS": "/wheels",
            "PIP_NO_INDEX": "1",
            "UV_FIND_LINKS": "/wheels",
            "UV_OFFLINE": "1",
        }
        argv += [f"--build-arg={key}={value}" for key, value in arguments.items()]
        recipe = context / RECIPES.relative_to(ROOT) / name / "Dockerfile"
        return [*argv, "--tag", tag or self.image(name), "--file", recipe, context]

    def _begin_anew_when_large(self, say: Say) -> None:
        used = subprocess.run(
            ["du", "-sBG", "--one-file-system", self.folder / "storage"], capture_output=True, text=True, check=False
        )
        if used.returncode == 0 and int(used.stdout.partition("G")[0]) > KEEP_AT_MOST_GB:
            say(f"the image storage is above {KEEP_AT_MOST_GB} GB: it is begun anew")
            self.wipe()

    def wipe(self) -> None:
        """Forgets every image and layer, and stops what runs of them."""
        subprocess.run(
            ["podman", "system", "reset", "--force"], env=self.environment(), capture_output=True, check=False
        )
        shutil.rmtree(self.folder / "storage", ignore_errors=True)

    def weigh(self, name: str) -> Built:
        """The image and the size of its archive as a registry would hold it (gzip), measured once per content."""
        found = json.loads(self.call("podman", "image", "inspect", self.image(name)))[0]
        content = hashlib.sha256("\n".join(found["RootFS"]["Layers"]).encode()).hexdigest()
        known_file = self.folder / "sizes.json"
        known: dict[str, int] = json.loads(known_file.read_text(encoding="utf-8")) if known_file.exists() else {}
        if content not in known:
            archive = self.folder / "tmp" / f"{name}.tar"
            archive.unlink(missing_ok=True)
            self.call("buildah", "push", "--quiet", "--format=oci", self.image(name), f"oci-archive:{archive}")
            known[content] = archive.stat().st_size
            archive.unlink()
            known_file.write_text(json.dumps(known), encoding="utf-8")
        return Built(name, self.image(name).removeprefix("localhost/"), found["Id"], known[content])

    # running

    def run_argv(
        self,
        name: str,
        *,
        container: str,
        env_file: Path | None = None,
        volumes: Mapping[Path, str] | None = None,
        tmpfs: Iterable[str] = (),
        options: Iterable[str] = (),
        command: Iterable[str] = (),
    ) -> tuple[str, ...]:
        """`podman run` as the cluster would: read-only root, no capability, no new privileges. Host network."""
        return (
            "podman",
            "run",
            "--rm",
            f"--name={container}",
            "--pull=never",
            "--read-only",
            "--read-only-tmpfs=false",
            "--cap-drop=all",
            "--security-opt=no-new-privileges",
            "--network=host",
            "--no-healthcheck",
            *([f"--env-file={env_file}"] if env_file else []),
            *(f"--tmpfs={path}:rw,nosuid,nodev" for path in tmpfs),
            *(f"--volume={outside}:{inside}" for outside, inside in (volumes or {}).items()),
            *options,
            self.image(name),
            *command,
        )


def names_of(wanted: list[str]) -> list[str]:
    """The images meant on the command line; all of the cluster's where none is named. BadSettings for another."""
    known = [name for chain in CHAINS for name in chain]
    for name in wanted:
        if name not in known:
            raise BadSettings(f"./mt images {name}: there are {', '.join(known)}.")
    return wanted or list(IMAGES)
