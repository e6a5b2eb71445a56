"""What holds for the images' recipes without building one: no registry, no processor, a lock each, and the README."""

from __future__ import annotations

import re
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from devstack.checks import image_sizes
from devstack.images import CHAINS, IMAGES, LIMITS_MB, LOCKS, RECIPES, UID, Built, names_of, version
from devstack.places import ROOT
from devstack.services.nginx import COMPRESSED, TEMPLATE, render

EVERY = [name for chain in CHAINS for name in chain]
PYTHON_IMAGES = {
    "agent": "match-scraper-agent",
    "worker": "missing-table",
    "backend": "missing-table",
    "iron-claw-proxy": "iron-claw",
}
ARCHITECTURES = re.compile(r"amd64|x86|arm64|aarch64|armv|linux-gnu|--platform|TARGETARCH", re.IGNORECASE)
REGISTRIES = re.compile(r"https?://|docker\.io|ghcr\.|quay\.|registry|index-url|\bfile:", re.IGNORECASE)
FROM = re.compile(r"^FROM (\S+)", re.MULTILINE)
NETWORK_ENDS = "# From here on nothing needs a network.\n"
FETCHES = re.compile(r"apt-get|pip install(?! --quiet --python /opt/venv --offline)|uv pip sync|npm ci")


def recipe(name: str) -> str:
    """A Dockerfile's text, its continued lines joined."""
    return (RECIPES / name / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def environment(name: str) -> dict[str, str]:
    """What ENV of the final stage sets."""
    line = next(line for line in recipe(name).splitlines() if line.startswith("ENV "))
    return {key: value.strip('"') for key, value in re.findall(r'(\w+)=("[^"]*"|\S+)', line)}


def locked(lock: str) -> dict[str, str]:
    """Name to version of a requirement file; every entry must be pinned and hashed."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    entries = [entry for entry in re.split(r"\n(?=\S)", text.strip()) if not entry.startswith("#")]
    found = {}
    for entry in entries:
        pinned = re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==([\w.+!]+)", entry)
        assert pinned, entry
        assert "--hash=sha256:" in entry, entry
        found[pinned[1]] = pinned[2]
    return found


def test_every_folder_with_a_dockerfile_is_an_image_that_is_built() -> None:
    assert sorted(EVERY) == sorted(file.parent.name for file in RECIPES.glob("*/Dockerfile"))
    assert set(EVERY) == {*IMAGES, "postgres"}
    assert names_of([]) == list(IMAGES)


@pytest.mark.parametrize("name", EVERY)
def test_it_names_neither_a_processor_nor_a_registry(name: str) -> None:
    for file in sorted((RECIPES / name).iterdir()):
        text = file.read_text(encoding="utf-8")
        assert not ARCHITECTURES.search(text), (file.name, ARCHITECTURES.search(text))
        if file.name == "Dockerfile":
            text = text.replace("nothing here names a registry or a processor", "").replace("http://127.0.0.1", "")
            assert not REGISTRIES.search(text), REGISTRIES.search(text)


@pytest.mark.parametrize("name", EVERY)
def test_its_base_is_an_argument_and_nothing_of_its_building_is_in_it(name: str) -> None:
    text = recipe(name)
    first = next(line for line in text.splitlines() if line and not line.startswith("#"))
    assert first == "ARG BASE=debian:trixie-slim"
    stages = set(re.findall(r"^FROM \S+ AS (\w+)", text, re.MULTILINE))
    assert set(FROM.findall(text)) <= {"${BASE}", "scratch", *stages}
    final = text.rpartition("\nFROM ")[2]
    assert final.startswith("scratch\nCOPY --from=root / /\n")
    assert "\nRUN " not in final
    assert "strip.sh" in text.partition("\nFROM scratch")[0].splitlines()[-2]


@pytest.mark.parametrize("name", EVERY)
def test_it_is_labelled_and_has_no_rights(name: str) -> None:
    final = recipe(name).rpartition("\nFROM ")[2]
    assert f"\nUSER {UID}:{UID}\n" in final
    for label in ("title", "description", "version", "revision", "vendor"):
        assert f"org.opencontainers.image.{label}=" in final
    assert f'image.title="missing-table/{name}"' in final
    assert f"ARG VERSION={version()}\n" in final
    if name not in ("agent", "frontend"):  # one ends by itself, the other's page is its health
        assert "HEALTHCHECK " in final
    assert "ENTRYPOINT [" in final


@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_fetched_after_the_package_step(name: str) -> None:
    text = recipe(name)
    before, mark, after = text.partition(NETWORK_ENDS)
    assert mark
    assert FETCHES.search(before)
    assert not [line for line in after.splitlines() if FETCHES.search(line)]


@pytest.mark.parametrize("name", EVERY)
def test_the_readme_says_what_the_recipe_does(name: str) -> None:
    readme = (RECIPES / "README.md").read_text(encoding="utf-8")
    final = recipe(name).rpartition("\nFROM ")[2]
    exposed = re.findall(r"(\d+)/(?:tcp|udp)", next((x for x in final.splitlines() if x.startswith("EXPOSE")), ""))
    row = next(line for line in readme.splitlines() if line.startswith(f"| {name} "))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert sorted(re.findall(r"\b\d{4,5}\b", cells[2])) == sorted(exposed)
    for volume in re.findall(r"^VOLUME (\S+)", final, re.MULTILINE):
        assert f"`{volume}`" in cells[3]
        assert f"`{volume}`" in cells[4]
    for key, value in environment(name).items():
        if key.startswith(("AGENT_", "MT_", "IRON_CLAW_", "RADIUS_", "NGINX_LISTEN", "NGINX_ACCESS", "RABBITMQ_USERS")):
            assert f"`{key}={value}`" in readme or f"`{key}`" in readme, key


@pytest.mark.parametrize("name", PYTHON_IMAGES)
def test_its_lock_is_what_its_package_needs_in_the_versions_that_the_tests_ran_with(name: str) -> None:
    package = PYTHON_IMAGES[name]
    assert f"requirements/images/{package}.txt" in recipe(name)
    image, tested = locked(f"images/{package}"), locked("dev")
    assert image.items() <= tested.items()
    workspace = {file.parent.name for file in ROOT.glob("packages/*/pyproject.toml")}
    todo, ours = [package], set()
    while todo:
        ours.add(todo[-1])
        project = tomllib.loads((ROOT / "packages" / todo.pop() / "pyproject.toml").read_text(encoding="utf-8"))
        for need in project["project"]["dependencies"]:
            wanted = re.match(r"[\w.-]+", need)
            assert wanted
            if wanted[0] in workspace:
                todo.append(wanted[0])
            else:
                assert wanted[0].lower() in image, f"{package} needs {need}: run scripts/lock.sh"
    assert all(f"COPY packages/{part} " in recipe(name) for part in ours)


def test_what_only_one_image_needs_is_in_no_other() -> None:
    browser, database = ("playwright", "selectolax", "pydantic-ai-slim"), ("psycopg", "celery")
    assert not any(locked("images/missing-table").get(part) or locked("images/iron-claw").get(part) for part in browser)
    assert not any(locked("images/match-scraper-agent").get(part) for part in database)
    for lock in LOCKS:
        assert not any(tool in locked(lock) for tool in ("pytest", "mypy", "ruff", "hypothesis"))


def test_the_frontend_image_fills_nginx_as_the_stack_does() -> None:
    values = environment("frontend")
    assert values["NGINX_COMPRESSED"] == COMPRESSED
    assert values["NGINX_BROTLI"] == f"brotli on; brotli_static on; brotli_types {COMPRESSED};"
    asked = set(re.findall(r"\$\{(NGINX_[A-Z_]+)\}", TEMPLATE.read_text(encoding="utf-8")))
    assert asked == {key for key in values if key.startswith("NGINX_")}
    assert "${NGINX_" not in render(TEMPLATE.read_text(encoding="utf-8"), values).replace("${NGINX_*}", "")
    start = (RECIPES / "frontend" / "start").read_text(encoding="utf-8")
    names = re.search(r"^for name in (.+); do$", start, re.MULTILINE)
    assert names
    assert {f"NGINX_{name}" for name in names[1].split()} == asked


def test_freeradius_gets_every_setting_that_raddb_reads() -> None:
    readme = (RECIPES / "README.md").read_text(encoding="utf-8")
    raddb = "".join(
        file.read_text(encoding="utf-8") for file in (ROOT / "deploy/freeradius/raddb").rglob("*") if file.is_file()
    )
    for name in set(re.findall(r"\$ENV\{(\w+)\}", raddb)):
        assert name in environment("freeradius") or f"`{name}`" in readme, name


def test_an_image_above_its_limit_fails_the_tests_and_every_size_is_said() -> None:
    said: list[str] = []
    built = [Built(name, f"missing-table/{name}:1", "id", 81_000_000) for name in ("frontend", "worker", "freeradius")]
    assert image_sizes(built, said.append) == ["size of the image frontend"]
    assert [line[:4] for line in said] == ["FAIL", "ok  ", "ok  "]
    assert all("81.0 MB" in line for line in said)
    assert "limit 80 MB)  TOO LARGE" in said[0]
    assert image_sizes([replace(image, archive_bytes=80_000_000) for image in built], said.append) == []
    assert set(LIMITS_MB) == {*PYTHON_IMAGES, "frontend"}


PLACEHOLDERS = ["changeme", "CHANGE-ME", "<password>", "[YOUR-PASSWORD]", "your password", "xxxx", "...", "testing123"]
REAL = ["9f31c0", "a 'quoted' $ecret", "xenon-your-contest"]


def start_freeradius(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """Runs the image's start script with a server in its place that says what it was called with."""
    server = folder / "freeradius"
    server.write_text('#!/bin/sh\necho "started with $*"\n', encoding="utf-8")
    server.chmod(0o755)
    secrets = {"RADIUS_SECRET": "9f31c0", "RADIUS_COA_SECRET": "77ab02", "RADIUS_DB_PASSWORD": "c40d15", **given}
    env = {"PATH": f"{folder}:/usr/bin:/bin", **secrets}
    argv = ["sh", RECIPES / "freeradius" / "start", "-f"]
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("name", ["RADIUS_SECRET", "RADIUS_COA_SECRET", "RADIUS_DB_PASSWORD"])
def test_freeradius_does_not_start_with_the_secret_of_an_example(tmp_path: Path, name: str) -> None:
    for secret in PLACEHOLDERS:
        refused = start_freeradius(tmp_path, **{name: secret})
        assert (refused.returncode, refused.stdout) == (1, ""), secret
        assert f"the secret in {name} is a placeholder" in refused.stderr
    assert name in start_freeradius(tmp_path, **{name: ""}).stderr
    for secret in REAL:
        assert start_freeradius(tmp_path, **{name: secret}).stdout == "started with -f\n"


def users_of_the_broker(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the script that makes the broker's users out of a folder of secrets."""
    argv = ["escript", RECIPES / "rabbitmq" / "users.escript"]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "RABBITMQ_USERS_DIR": str(folder)}
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("secret", [*PLACEHOLDERS, ""])
def test_the_broker_makes_no_user_with_the_password_of_an_example(tmp_path: Path, secret: str) -> None:
    (tmp_path / "agent").write_text("9f31c0\n", encoding="utf-8")
    (tmp_path / "worker").write_text(f"{secret}\n", encoding="utf-8")
    refused = users_of_the_broker(tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"the password in {tmp_path}/worker is {'a placeholder' if secret else 'empty'}" in refused.stderr


def test_the_broker_takes_real_passwords(tmp_path: Path) -> None:
    for number, secret in enumerate(REAL):
        (tmp_path / f"user-{number}").write_text(secret, encoding="utf-8")
    taken = users_of_the_broker(tmp_path)
    # An Erlang older than the image's comes as far as printing them, which it cannot.
    assert (taken.returncode == 0) == taken.stdout.startswith("{")
    assert "user-2" in taken.stdout or "json:encode" in taken.stderr


def test_compose_uses_these_images_and_publishes_on_loopback_alone() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    images = re.findall(r"image: missing-table/([\w-]+):(\S+)", text)
    assert {name for name, _ in images} == {"postgres", "rabbitmq", "freeradius"}
    assert {tag for _, tag in images} == {version()}
    for name, _ in images:
        assert f"dockerfile: deploy/images/{name}/Dockerfile" in text
    assert all(port.startswith("127.0.0.1:") for port in re.findall(r'"([^"]+:\d+(?:/udp)?)"', text))
    example = (ROOT / "envs" / ".env.local.secret.example").read_text(encoding="utf-8")
    for name in re.findall(r"\$\{(\w+):\?", text):
        assert f"#{name}=" in example


def test_compose_gives_each_service_the_writable_paths_that_its_image_needs() -> None:
    readme = (RECIPES / "README.md").read_text(encoding="utf-8")
    for name, service in yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"].items():
        row = next(line for line in readme.splitlines() if line.startswith(f"| {name} "))
        needed = set(re.findall(r"`(/[^`]+)`", row.split("|")[4]))
        given = {volume.partition(":")[2] for volume in service.get("volumes", [])} | set(service.get("tmpfs", []))
        assert service["read_only"] is True
        assert given == needed, name


def test_the_context_of_a_build_has_nothing_that_was_made_here() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    copied = {
        part
        for name in EVERY
        for line in re.findall(r"^COPY (.+)$", recipe(name), re.MULTILINE)
        for part in line.split()[:-1]
    }
    sources = {part for part in copied if not part.startswith(("--", "/"))}
    allowed = [line[1:] for line in lines if line.startswith("!")]
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(source.startswith(part.partition("*")[0].rstrip("/")) for part in allowed), source
    assert not [part for part in allowed if part.startswith((".", "envs", "tests"))]
    assert Path("frontend/node_modules") in {Path(line) for line in lines}
