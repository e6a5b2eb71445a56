"""What is invented and what is real never share a database, a queue or an outbox."""

from pathlib import Path

from devstack.choices import Choices
from devstack.control import needs_restart
from devstack.stack import Stack

GENERATED = Choices()
REAL = Choices(feeds="/srv/feeds")


def test_real_documents_and_the_generated_season_have_homes_of_their_own(tmp_path: Path) -> None:
    invented, real = Stack(tmp_path, GENERATED), Stack(tmp_path, REAL)
    live = Stack(tmp_path, Choices(live=True))
    assert invented.home != real.home
    assert real.home == live.home
    assert {invented.agent_folder.parent, real.agent_folder.parent} == {invented.home, real.home}
    assert invented.rabbitmq.folder.is_relative_to(invented.home)
    assert not invented.rabbitmq.folder.is_relative_to(real.home)


def test_a_running_stack_is_repointed_within_its_world_and_started_anew_across() -> None:
    assert not needs_restart(REAL, Choices(feeds="/srv/other"))
    assert not needs_restart(GENERATED, Choices(today="2026-10-18"))
    assert needs_restart(GENERATED, REAL)
    assert needs_restart(REAL, GENERATED)
    assert needs_restart(GENERATED, Choices(live=True))
