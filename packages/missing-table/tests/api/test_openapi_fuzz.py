"""schemathesis over the whole OpenAPI document against a real server, with what fits it and with what does not: no 5xx,
and no answer that breaks its schema."""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from devstack import patient
from missing_table.accounts.queries import UPSERT_ACCOUNT
from missing_table.accounts.tokens import sign
from missing_table.web.schemas import Problem

from .conftest import ADMIN, SECRET
from .test_events_stream import Server, serving
from .test_sign_in import API_KEY, gotrue  # noqa: F401  a fixture

EXAMPLES = int(os.environ.get("MT_FUZZ_EXAMPLES", "5"))
"""Of each operation and each kind of input."""
Asked = Counter[tuple[str, GenerationMode]]
WITHOUT_INPUT = {
    "GET /api/accounts/me",
    "POST /api/accounts/sign-out",
    "GET /api/admin/keys",
    "GET /api/embed/style.css",
    "GET /api/seasons",
    "GET /health/fresh",
    "GET /health/live",
    "GET /health/ready",
}
"""They take nothing that could be malformed."""
KEY = "mt_agent_0123456789abcdefghij"
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture
def server(seed: Any, gotrue: str) -> Iterator[Server]:  # noqa: F811
    """With a sign-in that answers, and without limits: the whole document is asked in a minute."""
    limits = dict.fromkeys(("MT_RATE_PER_MINUTE", "MT_KEY_RATE_PER_MINUTE", "MT_REFUSALS_PER_MINUTE"), "0")
    with serving(seed, MT_AUTH_URL=f"{gotrue}/auth/v1", MT_AUTH_KEY=API_KEY, **limits) as started:
        yield started


@pytest.mark.timeout(600)
def test_no_request_brings_a_fault_or_an_answer_outside_its_schema(server: Server, seed: Any) -> None:
    seed.execute(UPSERT_ACCOUNT, {"account_id": ADMIN, "role": "admin"})
    token = sign(SECRET, ADMIN, lasts_s=3600)
    document = schemathesis.openapi.from_url(f"{server.url}/api/openapi.json")
    asked, wrong = Asked(), []
    for found in document.get_all_operations():
        operation = found.ok()
        key = {"X-Api-Key": KEY} if "/agent/" in operation.path else {"Authorization": f"Bearer {token}"}
        ask_all = _ask_stream if operation.path == "/api/events" else _ask_all
        for mode in GenerationMode:
            if mode.is_negative and not _can_be_malformed(operation):
                continue
            try:
                ask_all(operation, mode, server.url, key, asked)
            except (AssertionError, BaseExceptionGroup, schemathesis.errors.SchemathesisError) as error:
                wrong.append(f"{operation.method} {operation.path} ({mode}): {_reasons(error)}")
    assert not wrong, "\n".join(wrong)
    paths = patient.get(f"{server.url}/api/openapi.json").json()["paths"]
    every = {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}
    assert {name for name, mode in asked if mode.is_positive} == every
    assert {name for name, mode in asked if mode.is_negative} == every - WITHOUT_INPUT


def _can_be_malformed(operation: Any) -> bool:
    """Whether it takes anything that could be wrong."""
    return bool(operation.path_parameters or operation.query or operation.body)


def _reasons(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_reasons(inner) for inner in error.exceptions)
    return f"{type(error).__name__}: {error}"[:1500]


def _ask_all(operation: Any, mode: GenerationMode, url: str, headers: dict[str, str], asked: Asked) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(mode))
    def ask(case: Any) -> None:
        asked[f"{operation.method.upper()} {operation.path}", mode] += 1
        case.call_and_validate(base_url=url, headers=headers, checks=CHECKS)

    ask()


def _ask_stream(operation: Any, mode: GenerationMode, url: str, headers: dict[str, str], asked: Asked) -> None:
    """A stream has no end: its beginning is judged, or the error that it is."""

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(mode))
    def ask(case: Any) -> None:
        asked[f"{operation.method.upper()} {operation.path}", mode] += 1
        with requests.request(**case.as_transport_kwargs(base_url=url), stream=True, timeout=20) as answer:
            kind = answer.headers["content-type"].partition(";")[0]
            if answer.status_code == 200:
                assert kind == "text/event-stream"
                assert next(answer.iter_lines()).startswith(b"retry: ")
            else:
                assert 400 <= answer.status_code < 500
                assert kind == "application/problem+json"
                Problem.model_validate(answer.json())

    ask()
