"""schemathesis over the whole OpenAPI document against a real server: no 5xx, and no answer that breaks its schema."""

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from missing_table.accounts.queries import UPSERT_ACCOUNT
from missing_table.accounts.tokens import sign

from .conftest import ADMIN, SECRET
from .test_events_stream import Server, server  # noqa: F401  a fixture

EXAMPLES = int(os.environ.get("MT_FUZZ_EXAMPLES", "8"))
KEY = "mt_agent_0123456789abcdefghij"
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.mark.timeout(600)
def test_no_request_brings_a_fault_or_an_answer_outside_its_schema(server: Server, seed: Any) -> None:  # noqa: F811
    seed.execute(UPSERT_ACCOUNT, {"account_id": ADMIN, "role": "admin"})
    token = sign(SECRET, ADMIN, lasts_s=3600)
    document = schemathesis.openapi.from_url(f"{server.url}/api/openapi.json")
    asked, wrong = [], []
    for found in document.get_all_operations():
        operation = found.ok()
        if operation.path == "/api/events":
            continue  # a stream has no end
        key = {"X-Api-Key": KEY} if "/agent/" in operation.path else {"Authorization": f"Bearer {token}"}
        try:
            _ask_all(operation, server.url, key, asked)
        except (AssertionError, BaseExceptionGroup, schemathesis.errors.SchemathesisError) as error:
            wrong.append(f"{operation.method} {operation.path}: {_reasons(error)}")
    assert not wrong, "\n".join(wrong)
    assert len(asked) > 100


def _reasons(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_reasons(inner) for inner in error.exceptions)
    return f"{type(error).__name__}: {error}"[:1500]


def _ask_all(operation: Any, url: str, headers: dict[str, str], asked: list[str]) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        asked.append(operation.path)
        case.call_and_validate(base_url=url, headers=headers, checks=CHECKS)

    ask()
