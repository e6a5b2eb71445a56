"""What tests share: real servers, other worlds' messages and documents, and how to wait. Tests alone import it.

The root conftest.py loads it as a plugin, and with it `runs` (one folder and one set of servers a run), `servers`
(PostgreSQL, RabbitMQ), `stacks` (everything through ./mt), `radius`, `gateway`, `images`. Beside them:

`waiting`             `until` and `until_async`: what has no event to wait for
`running`             a server that a test stops and kills
`league_messages`     messages of an invented league;     `league_state`  what has landed of it
`broker`              a producer and worker processes;    `in_flight`     a season that lands while servers die
`pipeline`            the real pipeline through time;     `clocked_api`   the API with a clock in the test's hand
`agent_workshop`      a run of the agent and all around it
`viewer_documents`, `modular11_fragments`   what the two viewers of the source say, by hand
"""

from devstack.testing.runs import made_once, run_folder, start_shared
from devstack.testing.servers import (
    DEFINITIONS,
    Amqp,
    Database,
    content,
    copied_database,
    rabbitmq_server_at,
    tables,
)
from devstack.testing.stacks import RunningStack, free_offset, run_mt, stack_environment

__all__ = [
    "DEFINITIONS",
    "Amqp",
    "Database",
    "RunningStack",
    "content",
    "copied_database",
    "free_offset",
    "made_once",
    "rabbitmq_server_at",
    "run_folder",
    "run_mt",
    "stack_environment",
    "start_shared",
    "tables",
]

pytest_plugins = [f"devstack.testing.{name}" for name in ("runs", "servers", "stacks", "radius", "gateway", "images")]
