"""docs/settings.md is what the code says; every setting that a manifest or an env file sets is read by somebody."""

import re

import pytest
from pydantic_settings import BaseSettings

from devstack import settings_table
from devstack.kubernetes import manifests
from devstack.places import ROOT
from match_contract.envfile import parse

EMPTY_SAYS_SOMETHING = {"AGENT_PROXY_URL", "AGENT_CHROMIUM"}
"""Without a model; Playwright's own browser."""
OWNERS = {
    "agent": ("Agent and reader",),
    "worker": ("Backend, worker and `missing-table`'s other commands",),
    "backend": ("Backend, worker and `missing-table`'s other commands", settings_table.REST),
    "migrate": ("Backend, worker and `missing-table`'s other commands", settings_table.REST),
    "iron-claw-proxy": ("Gateway",),
    "freeradius": (settings_table.RADIUS,),
    "frontend": (settings_table.NGINX,),
}
LOCAL_ONLY = {"MT_TODAY", "MT_SITE_DIR", "AGENT_TODAY", "AGENT_SOURCE_RESOLVE", "AGENT_SOURCE_CA"}
"""For one machine: a clock that is set, a site out of the checkout, a source that is played."""
ITS_OWN = {"AGENT_TARGETS_FILE", "AGENT_PROMPT_FILE", "AGENT_KUBE_CONTEXT", "AGENT_WEBHOOK_URL"}
REQUESTS = {"MT_JWKS_URL", "MT_AUTH_URL", "MT_AUTH_KEY", "MT_PUBLIC_URL", "MT_HOST", "MT_TRUSTED_PROXIES"}
METRICS = {"MT_METRICS_HOST", "MT_METRICS_PORT"}
OPTIONAL = {
    "agent": LOCAL_ONLY | ITS_OWN,
    "worker": LOCAL_ONLY | REQUESTS | {"MT_JWT_SECRET", "MT_MIGRATIONS_DIR", "DATABASE_DIRECT_URL"},
    "backend": LOCAL_ONLY | METRICS | {"MT_JWT_SECRET", "AMQP_URL"},
    "migrate": LOCAL_ONLY | METRICS | REQUESTS | {"MT_JWT_SECRET", "AMQP_URL"},
    "iron-claw-proxy": {"ANTHROPIC_API_KEY", "IRON_CLAW_KEY_MAP", "IRON_CLAW_NAS_IP"},
}
"""What has no default, or one of this machine, and does without in production. Whatever else is like that is needed."""


def needed(name: str) -> set[str]:
    """What a container of ours has to be told: settings without a default, or with one that holds on one machine."""
    known = settings_table.of_classes()
    rows = {name: default for section in OWNERS[name] for name, default in known.get(section, {}).items()}
    bare = {name for name, default in rows.items() if default in ("none", "`local`") or "127.0.0.1" in default}
    assert OPTIONAL.get(name, set()) & set(rows) <= bare, "optional, and has a default"
    return bare - OPTIONAL.get(name, set())


def test_the_page_is_what_the_code_says() -> None:
    assert settings_table.PAGE.read_text(encoding="utf-8") == settings_table.page(), (
        "docs/settings.md is old: .venv/bin/python -m devstack.settings_table writes it"
    )


def test_every_setting_is_explained_once() -> None:
    found = {name for rows in settings_table.sections().values() for name in rows}
    unexplained, gone = found - set(settings_table.meanings()), set(settings_table.MEANS) - found
    assert not unexplained, f"say at its field, or in devstack/settings_table.py, what {sorted(unexplained)} does"
    assert not gone, f"nobody reads {', '.join(sorted(gone))}: take it out of devstack/settings_table.py"
    of_classes = {name for rows in settings_table.of_classes().values() for name in rows}
    assert not of_classes & set(settings_table.MEANS), "a field says what it means itself"


@pytest.mark.parametrize("kind", [kind for _, kinds in settings_table.CLASSES for kind in kinds])
def test_an_empty_value_counts_as_not_set_in_every_class(
    kind: type[BaseSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = str(kind.model_config["env_prefix"])
    names = {
        name: variable
        for name, field in kind.model_fields.items()
        for variable in settings_table.names_of(prefix, name, field)
    }
    for variable in names.values():
        monkeypatch.delenv(variable, raising=False)
    unset = kind().model_dump()
    for variable in names.values():
        monkeypatch.setenv(variable, "")
    differ = {name for name, value in kind().model_dump().items() if value != unset[name]}
    assert {names[name] for name in differ} <= EMPTY_SAYS_SOMETHING


def test_names_are_found_wherever_they_are_asked_for() -> None:
    found = settings_table.sections()
    rest = set(found[settings_table.REST])
    scripts = {"MT_PROD_ENV_FILE", "MT_KUBECTL_TIMEOUT_S", "MT_ROLLOUT_TIMEOUT_S", "CLOUD_KUBE_CONTEXT"}
    assert rest >= scripts | {"MT_BENCH_LITELLM", "MT_BENCH_SITE", "MT_API", "MT_ANTHROPIC_SCRIPT", "MT_TEST_SITE"}
    assert not rest & settings_table.NO_SETTINGS
    assert found[settings_table.RABBITMQ]["RABBITMQ_MEMORY"] == "`400MB`"
    assert found[settings_table.COMPOSE]["RABBITMQ_PASSWORD"] == "none"
    assert found[settings_table.COMPOSE]["POSTGRES_PORT"] == "`15432`"
    assert found[settings_table.RADIUS]["RADIUS_AUTH_PORT"] == "`1812`"


def test_what_a_container_needs_follows_from_the_settings() -> None:
    assert {"MT_AUTH_URL", "MT_AUTH_KEY", "DATABASE_URL", "MT_ENV", "MT_TRUSTED_PROXIES"} <= needed("backend")
    assert {"AGENT_API_URL", "AGENT_API_KEY", "AGENT_PROXY_KEY", "AMQP_URL"} <= needed("agent")
    assert {"IRON_CLAW_RADIUS_HOST", "IRON_CLAW_COA_SECRET", "IRON_CLAW_HOST"} <= needed("iron-claw-proxy")


@pytest.mark.parametrize("cluster", manifests.CLUSTERS)
def test_every_variable_that_a_manifest_sets_is_read_and_every_needed_one_is_set(cluster: str) -> None:
    known = settings_table.sections()
    for work in manifests.workloads(manifests.cluster(cluster)):
        for container in work.containers:
            name = container["name"]
            given = {variable["name"] for variable in container.get("env", [])}
            assert len(given) == len(container.get("env", [])), name
            if name == "rabbitmq":
                assert given <= set(known[settings_table.RABBITMQ]), name
                continue
            read = {variable for section in OWNERS[name] for variable in known[section]}
            assert given <= read, f"{name} is given what nobody reads: {sorted(given - read)}"
            sets = set(settings_table.image_sets("backend" if name == "migrate" else name))
            assert needed(name) <= given | sets, f"{name} is not told {sorted(needed(name) - given - sets)}"
            if name == "freeradius":
                asked = settings_table.radius_names()
                assert asked <= given | sets, sorted(asked - given - sets)


@pytest.mark.parametrize("name", [".env.local", ".env.prod"])
def test_env_files_hold_known_settings_and_no_secret(name: str) -> None:
    text = (ROOT / "envs" / name).read_text(encoding="utf-8")
    known = {name for rows in settings_table.sections().values() for name in rows}
    given = parse(text, name)
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
    assert parse(text, name) == {}
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "envs/*.secret" in ignored


def test_the_manifests_and_the_env_file_of_production_say_the_same() -> None:
    given = parse((ROOT / "envs" / ".env.prod").read_text(encoding="utf-8"), ".env.prod")
    seen = set()
    for cluster in manifests.CLUSTERS:
        for work in manifests.workloads(manifests.cluster(cluster)):
            for container in work.containers:
                for variable in container.get("env", []):
                    if "value" in variable and variable["name"] in given:
                        seen.add(variable["name"])
                        assert variable["value"] == given[variable["name"]], (work.name, variable["name"])
    assert {"MT_ENV", "AGENT_API_URL", "MT_PUBLIC_URL", "MT_JWKS_URL", "AGENT_MODEL"} <= seen
