"""docs/settings.md is what the code says; every setting that a manifest or an env file sets is read by somebody."""

import re

import pytest

from devstack import envfile, settings_table
from devstack.kubernetes import manifests
from devstack.places import ROOT

OWNERS = {
    "agent": ("Agent and reader",),
    "worker": ("Backend, worker and `missing-table`'s other commands",),
    "backend": ("Backend, worker and `missing-table`'s other commands", settings_table.REST),
    "migrate": ("Backend, worker and `missing-table`'s other commands", settings_table.REST),
    "iron-claw-proxy": ("Gateway",),
    "freeradius": (settings_table.RADIUS,),
    "frontend": (settings_table.NGINX,),
}
NEEDED = {
    "agent": {"AGENT_API_URL", "AGENT_API_KEY", "AGENT_PROXY_URL", "AGENT_PROXY_KEY", "AMQP_URL"},
    "worker": {"DATABASE_URL", "AMQP_URL", "MT_ENV"},
    "backend": {"DATABASE_URL", "DATABASE_DIRECT_URL", "MT_ENV", "MT_PUBLIC_URL", "MT_JWKS_URL"},
    "migrate": {"DATABASE_DIRECT_URL", "MT_ENV"},
    "iron-claw-proxy": {
        "IRON_CLAW_UPSTREAM_KEY",
        "IRON_CLAW_RADIUS_HOST",
        "IRON_CLAW_RADIUS_SECRET",
        "IRON_CLAW_COA_SECRET",
        "IRON_CLAW_DATABASE_URL",
    },
}
"""What has no default that would do in production."""
IMAGES = ROOT / "deploy" / "images"


def image_sets(name: str) -> set[str]:
    """What an image sets already, by its description."""
    text = (IMAGES / "README.md").read_text(encoding="utf-8").split("## Settings of each")[1]
    part = re.split(r"\n\*\*(?=[a-z])", text)
    here = next(p for p in part if p.startswith(f"{name}**"))
    return set(re.findall(r"`([A-Z][A-Z_]+)=", here)) | set(re.findall(r"`([A-Z][A-Z_]+)` names[^*]*\*set\*", here))


def test_the_page_is_what_the_code_says() -> None:
    assert settings_table.PAGE.read_text(encoding="utf-8") == settings_table.page(), (
        "docs/settings.md is old: .venv/bin/python -m devstack.settings_table writes it"
    )


def test_every_setting_is_explained() -> None:
    unexplained = {name for rows in settings_table.sections().values() for name in rows} - set(settings_table.MEANS)
    assert not unexplained, f"say in devstack/settings_table.py what {', '.join(sorted(unexplained))} does"


@pytest.mark.parametrize("cluster", manifests.CLUSTERS)
def test_every_variable_that_a_manifest_sets_is_read_and_every_needed_one_is_set(cluster: str) -> None:
    known = settings_table.sections()
    for work in manifests.workloads(manifests.cluster(cluster)):
        for container in work.containers:
            name = container["name"]
            given = {variable["name"] for variable in container.get("env", [])}
            assert len(given) == len(container.get("env", [])), name
            if name == "rabbitmq":
                text = (IMAGES / "README.md").read_text(encoding="utf-8")
                assert given <= set(re.findall(r"RABBITMQ_[A-Z_]+", text)), name
                continue
            read = {variable for section in OWNERS[name] for variable in known[section]}
            assert given <= read, f"{name} is given what nobody reads: {sorted(given - read)}"
            image = "backend" if name == "migrate" else name
            assert NEEDED.get(name, set()) <= given | image_sets(image), name
            if name == "freeradius":
                assert read <= given | image_sets(name), sorted(read - given - image_sets(name))


@pytest.mark.parametrize("name", [".env.local", ".env.prod"])
def test_env_files_hold_known_settings_and_no_secret(name: str) -> None:
    text = (ROOT / "envs" / name).read_text(encoding="utf-8")
    known = {name for rows in settings_table.sections().values() for name in rows}
    given = envfile.parse(text, name)
    assert set(given) <= known
    commented = set(re.findall(r"^#([A-Z_]+)=", text, re.MULTILINE))
    assert commented <= known
    assert not {variable for variable in given if settings_table.SECRETS.search(variable)}
    assert given["AGENT_KUBE_CONTEXT"] == "rancher-desktop"


@pytest.mark.parametrize("name", [".env.local.secret.example", ".env.prod.secret.example"])
def test_examples_of_secrets_name_known_settings_and_hold_none(name: str) -> None:
    text = (ROOT / "envs" / name).read_text(encoding="utf-8")
    known = {name for rows in settings_table.sections().values() for name in rows}
    composed = settings_table.in_files(r"\$\{([A-Z_]+)", ROOT / "compose.yaml")
    assert set(re.findall(r"^#([A-Z_]+)=$", text, re.MULTILINE)) <= known | composed
    assert envfile.parse(text, name) == {}
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "envs/*.secret" in ignored


def test_the_manifests_and_the_env_file_of_production_say_the_same() -> None:
    given = envfile.parse((ROOT / "envs" / ".env.prod").read_text(encoding="utf-8"), ".env.prod")
    seen = set()
    for cluster in manifests.CLUSTERS:
        for work in manifests.workloads(manifests.cluster(cluster)):
            for container in work.containers:
                for variable in container.get("env", []):
                    if "value" in variable and variable["name"] in given:
                        seen.add(variable["name"])
                        assert variable["value"] == given[variable["name"]], (work.name, variable["name"])
    assert {"MT_ENV", "AGENT_API_URL", "MT_PUBLIC_URL", "MT_JWKS_URL", "AGENT_MODEL"} <= seen
