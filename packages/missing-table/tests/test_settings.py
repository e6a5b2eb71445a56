"""In production: no placeholder passes for a secret, and the first line says which database is written to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from missing_table.settings import Settings, SettingsError, load_settings

REAL = "postgresql://postgres.abc:kR2vQ0@db.invalid:6543/postgres"


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name in ("DATABASE_URL", "DATABASE_DIRECT_URL", "AMQP_URL", "MT_JWT_SECRET", "MT_ENV", "MT_ENV_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("password", ["changeme", "CHANGE-ME", "your-password", "<password>", "postgres", "guest", ""])
def test_a_placeholder_in_an_address_is_refused_in_production(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    given(monkeypatch, MT_ENV="prod", DATABASE_URL=REAL, AMQP_URL=f"amqp://worker:{password}@rabbitmq:5672/%2F")
    with pytest.raises(SettingsError, match=r"^MT_ENV is prod and the secret in AMQP_URL is a placeholder"):
        load_settings()


def test_the_sentence_names_every_placeholder_and_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    given(
        monkeypatch,
        MT_ENV="prod",
        MT_JWT_SECRET="replace-me-hunter2",
        DATABASE_URL="postgresql://postgres:changeme-hunter2@db.invalid/postgres",
    )
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "DATABASE_URL, MT_JWT_SECRET" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_real_secrets_pass_and_a_developers_own_machine_may_have_any(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, MT_ENV="prod", DATABASE_URL=REAL, MT_JWT_SECRET="f3bd0a-yours-truly-todo-11")
    assert load_settings().production
    given(monkeypatch, DATABASE_URL="postgresql://postgres:postgres@127.0.0.1:54322/postgres")
    assert not load_settings().production


def test_supabases_own_host_is_production_whatever_the_name_of_the_environment() -> None:
    url = "postgresql://postgres:kR2vQ0@db.ppgxasqgqbnauvxozmjw.supabase.co:5432/postgres"
    assert Settings(DATABASE_URL=url).production


def test_the_secret_file_beside_the_env_file_is_read_over_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("MT_LOG_LEVEL=error\nMT_PUBLIC_URL=https://here.invalid\n")
    (tmp_path / "env.secret").write_text(f"DATABASE_URL={REAL}\n")
    given(monkeypatch, MT_ENV_FILE=str(tmp_path / "env"))
    settings = load_settings()
    assert (settings.log_level, settings.pooled_dsn) == ("error", REAL)


@pytest.mark.parametrize(
    "command",
    [
        ("migrate",),
        ("quarantine", "list"),
        ("keys", "list"),
    ],
)
def test_the_first_line_says_which_database_is_written_to(command: tuple[str, ...]) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MT_", "DATABASE_", "AMQP_"))}
    done = subprocess.run(
        [sys.executable, "-m", "missing_table.cli", *command],
        env={**kept, "MT_ENV": "prod", "DATABASE_URL": "postgresql://postgres:kR2vQ0@127.0.0.1:9/league"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    first = json.loads(done.stderr.splitlines()[0])
    assert first["event"] == "writes to the PRODUCTION database"
    assert (first["host"], first["database"]) == ("127.0.0.1", "league")
    assert "kR2vQ0" not in done.stderr
    assert done.returncode == 1


def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(monkeypatch)
    unset = load_settings()
    for name, field in Settings.model_fields.items():
        monkeypatch.setenv(str(field.validation_alias or f"MT_{name.upper()}"), "")
    assert load_settings() == unset
    (tmp_path / "env").write_text("MT_PORT=8123\nMT_HOST=\n")
    monkeypatch.setenv("MT_ENV_FILE", str(tmp_path / "env"))
    assert (load_settings().port, load_settings().host) == (8123, unset.host)


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
