"""Signing in through our own address, against the stack's stand-in for Supabase: sessions, roles, keys that rotate."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from devstack import patient
from devstack.services.process import free_port
from devstack.sign_in.people import id_of
from missing_table.accounts.queries import UPSERT_ACCOUNT
from missing_table.accounts.tokens import Verifier
from missing_table.server.app import create_app

from .conftest import running, settings_for

EMAIL, PASSWORD, API_KEY = "admin@example.org", "a long password", "sb_publishable_test"


@pytest.fixture(scope="module")
def gotrue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stand-in, as the stack starts it; its address without a path."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "devstack.sign_in", "--port", str(port), "--state", str(tmp_path_factory.mktemp("s"))],
        env={**os.environ, "SIGN_IN_API_KEY": API_KEY, "SIGN_IN_EMAIL": EMAIL, "SIGN_IN_PASSWORD": PASSWORD},
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    assert b"sign-in on" in process.stderr.readline()
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.communicate()


@pytest.fixture
async def api(seed: Any, gotrue: str) -> Any:
    """The API behind that sign-in, with one admin."""
    seed.execute(UPSERT_ACCOUNT, {"account_id": id_of(EMAIL), "role": "admin"})
    settings = settings_for(seed.dsn, auth_url=f"{gotrue}/auth/v1", auth_key=API_KEY)
    app = create_app(settings)
    app.state.missing_table.add(Verifier(None, settings.key_document_url, refetch_after_s=0))
    async with running(app) as client:
        yield client


async def ask(url: str, **more: Any) -> Any:
    """POSTs to the stand-in itself."""
    async with patient.AsyncClient() as client:
        return (await client.post(url, **more)).raise_for_status()


async def signed_in(api: httpx.AsyncClient, email: str = EMAIL, password: str = PASSWORD) -> Any:
    answer = await api.post("/api/accounts/sign-in", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def bearer(session: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['access_token']}"}


async def test_an_admin_signs_in_and_does_an_admins_work(api: Any) -> None:
    session = await signed_in(api)
    me = (await api.get("/api/accounts/me", headers=bearer(session))).json()
    assert me == {"id": id_of(EMAIL), "role": "admin", "team_ids": []}
    assert (await api.get("/api/admin/audit", headers=bearer(session))).status_code == 200


async def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(api: Any) -> None:
    answers = [
        await api.post("/api/accounts/sign-in", json={"email": email, "password": "wrong password"})
        for email in (EMAIL, "nobody@example.org")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1


async def test_who_signed_up_by_themselves_is_a_reader_whatever_they_claim(api: Any, gotrue: str) -> None:
    body = {"email": "somebody@example.org", "password": "another password", "data": {"role": "admin"}}
    await ask(f"{gotrue}/auth/v1/signup", json=body, headers={"apikey": API_KEY})
    session = await signed_in(api, "somebody@example.org", "another password")
    assert (await api.get("/api/accounts/me", headers=bearer(session))).json()["role"] == "reader"
    assert (await api.get("/api/admin/audit", headers=bearer(session))).status_code == 403


async def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(api: Any) -> None:
    first = await signed_in(api)
    second = await api.post("/api/accounts/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    assert (await api.get("/api/accounts/me", headers=bearer(second.json()))).status_code == 200
    for stolen in (first, second.json()):
        again = await api.post("/api/accounts/refresh", json={"refresh_token": stolen["refresh_token"]})
        assert again.status_code == 401


async def test_signing_out_ends_the_refresh_token(api: Any) -> None:
    session = await signed_in(api)
    assert (await api.post("/api/accounts/sign-out", headers=bearer(session))).status_code == 200
    again = await api.post("/api/accounts/refresh", json={"refresh_token": session["refresh_token"]})
    assert again.status_code == 401


async def test_a_session_outlives_a_rotation_of_keys_but_not_their_revocation(api: Any, gotrue: str) -> None:
    before = await signed_in(api)
    await ask(f"{gotrue}/__sign-in/rotate")
    after = await signed_in(api)
    kids = {jwt.get_unverified_header(session["access_token"])["kid"] for session in (before, after)}
    assert len(kids) == 2
    for session in (before, after):
        assert (await api.get("/api/accounts/me", headers=bearer(session))).status_code == 200
    await ask(f"{gotrue}/__sign-in/rotate", json={"revoke": True})
    newest = await signed_in(api)
    assert (await api.get("/api/accounts/me", headers=bearer(newest))).status_code == 200
    for session in (before, after):
        assert (await api.get("/api/accounts/me", headers=bearer(session))).status_code == 401


def test_the_key_document_has_no_private_part(gotrue: str) -> None:
    keys = patient.get(f"{gotrue}/auth/v1/.well-known/jwks.json").json()["keys"]
    assert keys
    assert all("d" not in key and key["alg"] == "ES256" for key in keys)


@pytest.mark.parametrize("more", [{}, {"auth_url": "http://127.0.0.1:1/auth/v1"}])
async def test_without_a_sign_in_that_answers_nobody_is_called_wrong(seed: Any, more: Any) -> None:
    async with running(create_app(settings_for(seed.dsn, **more))) as client:
        answer = await client.post("/api/accounts/sign-in", json={"email": EMAIL, "password": PASSWORD})
        assert answer.status_code == 503
        assert "sign-in" in answer.json()["detail"]


async def test_a_token_is_not_called_bad_when_the_keys_cannot_be_fetched(seed: Any, gotrue: str) -> None:
    body = {"email": EMAIL, "password": PASSWORD}
    answer = await ask(f"{gotrue}/auth/v1/token?grant_type=password", json=body, headers={"apikey": API_KEY})
    session = answer.json()
    async with running(create_app(settings_for(seed.dsn, jwks_url="http://127.0.0.1:1/jwks.json"))) as client:
        assert (await client.get("/api/accounts/me", headers=bearer(session))).status_code == 503


async def test_no_password_stands_in_an_answer_about_a_malformed_request(api: Any) -> None:
    answer = await api.post("/api/accounts/sign-in", json={"email": EMAIL, "password": "x" * 201})
    assert answer.status_code == 422
    assert "xxx" not in answer.text


def test_the_stand_ins_files_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    from devstack.sign_in.keys import SigningKeys
    from devstack.sign_in.people import People

    keys, people = SigningKeys(tmp_path / "keys.json"), People(tmp_path / "people.json")
    people.keep(EMAIL, PASSWORD)
    for file in (keys.file, people.file):
        assert file.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in people.file.read_text()
    assert SigningKeys(tmp_path / "keys.json").public() == keys.public()
