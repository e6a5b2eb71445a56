"""The command line, as a process of its own: codes, sentences, what stands on which stream; and its documentation."""

import json
import re
import sys
from pathlib import Path

import pytest

from devstack.testing.agent_process import agent
from match_scraper_agent.settings import Settings

DOCS = Path(__file__).parents[3] / "docs" / "agent.md"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--target", "u15-moon"], "unknown target 'u15-moon': choose one of u14-hg-northeast"),
        (["run", "--from", "yesterday"], "--from 'yesterday' is not a date such as 2026-09-05"),
        (["run", "--season", "2026"], "season '2026' is not of the form '2026-27'"),
        (["run", "--browser", "maybe"], "AGENT_BROWSER: Input should be 'always', 'auto' or 'never'"),
        (["run", "--source", "elsewhere"], "--source 'elsewhere'"),
        (["run"], "AMQP_URL is not set"),
        (["run", "--env-file", "/no/such/file"], "the env file /no/such/file cannot be read"),
        (["run", "--no-such-option"], "--no-such-option"),
    ],
)
def test_bad_usage_ends_with_2_and_one_sentence_on_standard_error(arguments: list[str], said: str) -> None:
    done = agent(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_malformed_env_file_names_the_line_and_not_what_stands_there(tmp_path: Path) -> None:
    file = tmp_path / "broken.env"
    file.write_text("# ours\nAGENT_MODEL=x\n\nhunter2 is the password\n")
    done = agent("plan", "--env-file", str(file))
    assert done.returncode == 2
    assert f"the env file {file} is malformed: line 4 is not NAME=value" in done.stderr
    assert "hunter2" not in done.stderr


def test_the_environment_wins_over_the_env_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    file = tmp_path / "agent.env"
    file.write_text("AGENT_TODAY=2025-10-05\nAGENT_LOG_LEVEL=nonsense\n")
    plan = json.loads(agent("plan", "--json", "--env-file", str(file), AGENT_LOG_LEVEL="error").stdout)
    assert (plan["season"], plan["today"]) == ("2025-26", "2025-10-05")
    plan = json.loads(
        agent("plan", "--json", "--env-file", str(file), AGENT_LOG_LEVEL="error", AGENT_TODAY="2027-08-02").stdout
    )
    assert plan["season"] == "2027-28"


def test_the_plan_gives_its_reasons() -> None:
    done = agent("plan", "--target", "u14-hg-florida", AGENT_TODAY="2026-10-05")
    assert done.returncode == 0
    assert "Season 2026-27, Monday 2026-10-05" in done.stdout
    assert re.search(r"u14-hg-florida +full +- +what the database knows could not be asked", done.stdout)


def test_a_malformed_targets_file_is_said(tmp_path: Path) -> None:
    file = tmp_path / "targets.toml"
    file.write_text('[[target]]\nname = "a1"\nleague = "Premier"\n')
    done = agent("plan", AGENT_TARGETS_FILE=str(file))
    assert done.returncode == 2
    assert "is malformed: league" in done.stderr


@pytest.mark.parametrize(
    ("setting", "text", "said"),
    [
        ("AGENT_PROMPT_FILE", None, "cannot be read: [Errno 2]"),
        ("AGENT_PROMPT_FILE", b"Caf\xe9", "cannot be read: 'utf-8' codec"),
        ("AGENT_TARGETS_FILE", b"club = 7\n[[target]]\nname = 'u14'\nleague = 'Flex'\n", "malformed: club: 7 is not a"),
    ],
)
def test_a_wrong_prompt_or_club_ends_with_2_before_the_run_begins(
    tmp_path: Path, setting: str, text: bytes | None, said: str
) -> None:
    file = tmp_path / "file"
    if text is not None:
        file.write_bytes(text)
    state = tmp_path / "state"
    done = agent(
        "run",
        AMQP_URL="amqp://mt:mt@127.0.0.1:1//",
        AGENT_STATE_DIR=str(state),
        AGENT_SOURCE_RESOLVE="www.mlssoccer.com=127.0.0.1:1",
        **{setting: str(file)},
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not state.exists()


def test_check_tells_every_part_and_prints_no_secret() -> None:
    done = agent(
        "check",
        AGENT_PROXY_URL="http://127.0.0.1:1",
        AGENT_PROXY_KEY="ann.topsecret",
        AMQP_URL="amqp://mt:topsecret@127.0.0.1:1//",
        AGENT_API_KEY="mt_x_topsecret",
        AGENT_SOURCE_RESOLVE="www.mlssoccer.com=127.0.0.1:1",
    )
    assert done.returncode == 3
    for part in ("proxy", "queue", "api", "source", "browser", "outbox"):
        assert re.search(rf"^{part} ", done.stdout, re.MULTILINE), done.stdout
    assert "topsecret" not in done.stdout + done.stderr


def test_check_without_a_broker_ends_with_4_as_the_run_would(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as source:
        there = f"www.mlssoccer.com=127.0.0.1:{source.getsockname()[1]}"
        done = agent("check", "--json", AGENT_SOURCE_RESOLVE=there, AGENT_CHROMIUM=sys.executable)
    document = json.loads(done.stdout)
    assert done.returncode == document["exit_code"] == 4
    states = {check["part"]: check["state"] for check in document["checks"]}
    assert states["source"] == states["browser"] == "up"
    assert states["queue"] == "down"


def test_runs_without_an_api_say_so() -> None:
    done = agent("runs")
    assert done.returncode == 4
    assert "does not answer" in done.stderr


def test_every_command_option_and_setting_is_documented() -> None:
    text = DOCS.read_text()
    for name in Settings.model_fields:
        assert ("AMQP_URL" if name == "amqp_url" else f"AGENT_{name.upper()}") in text
    for command in ("run", "check", "plan", "runs"):
        shown = agent(command, "--help", COLUMNS="200").stdout
        options = set(re.findall(r"(--[a-z][a-z-]+)", shown)) - {"--help"}
        assert options
        assert all(option in text for option in options), options
