"""People: sign-ins, roles, corrections with their locks, conflicts, live scoring, and a log of every write."""

import base64
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from devstack.testing.league_messages import batch, match
from missing_table.accounts.tokens import AUDIENCE, Verifier
from missing_table.ingest import deliver
from missing_table.web.problems import Unauthorized

from .conftest import ADMIN, MANAGER, READER, SECRET, bearer


async def test_a_correction_is_locked_logged_and_in_the_table(people: Any, seed: Any) -> None:
    match_id = seed.matches["Ajax SC-Bravo FC"]
    path = f"/api/admin/matches/{match_id}/corrections"
    wanted = {"score": {"home": 5, "away": 5}, "reason": "referee's report"}
    answer = await people.post(path, json=wanted, headers=bearer(ADMIN))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["home_score"], answer.json()["locks"]) == (5, ["score"])
    (entry,) = (await people.get("/api/admin/audit", headers=bearer(ADMIN))).json()["items"]
    assert (entry["actor"], entry["before"]["home_score"], entry["after"]["home_score"]) == (str(ADMIN), 2, 5)
    (change,) = (await people.get(f"/api/matches/{match_id}/changes")).json()["items"]
    assert (change["before"], change["after"], change["by"]) == ("2-1", "5-5", "person")
    rows = (await people.get(f"/api/brackets/{seed.northeast}/table")).json()
    assert rows["bracket"]["version"] == 2
    assert {r["team"]["name"]: r["tied"] for r in rows["rows"]}["Ajax SC"] == 1


async def test_nobody_but_an_admin_corrects(people: Any, seed: Any) -> None:
    path = f"/api/admin/matches/{seed.matches['Ajax SC-Bravo FC']}/corrections"
    wanted = {"status": "postponed", "reason": "rain"}
    for headers, status in ((bearer(MANAGER), 403), (bearer(READER), 403), ({}, 401)):
        assert (await people.post(path, json=wanted, headers=headers)).status_code == status
    assert seed.value("select count(*) from audit_log") == 0


async def test_a_completed_match_needs_a_score(people: Any, seed: Any) -> None:
    path = f"/api/admin/matches/{seed.matches['Delta United-Ajax SC']}/corrections"
    answer = await people.post(path, json={"status": "completed", "reason": "played"}, headers=bearer(ADMIN))
    assert answer.status_code == 400


async def correct(people: Any, match_id: int, **wanted: Any) -> Any:
    path = f"/api/admin/matches/{match_id}/corrections"
    return await people.post(path, json={"reason": "the league's letter", **wanted}, headers=bearer(ADMIN))


async def tallies(people: Any, seed: Any) -> dict[str, tuple[int, ...]]:
    """Played, won, lost, goals for and against, points of each team of U14 Northeast."""
    rows = (await people.get(f"/api/brackets/{seed.northeast}/table")).json()["rows"]
    names = ("played", "won", "lost", "goals_for", "goals_against", "points")
    return {row["team"]["name"]: tuple(row[name] for name in names) for row in rows}


async def test_a_forfeit_of_a_match_that_nobody_played_is_a_loss_of_three_goals(people: Any, seed: Any) -> None:
    match_id = seed.matches["Bravo FC-Echo Rovers"]
    before = await tallies(people, seed)
    answer = await correct(people, match_id, status="forfeit", score={"home": 3, "away": 0})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["locks"]) == ("forfeit", ["score", "status"])
    after = await tallies(people, seed)
    assert before["Echo Rovers"] == (0, 0, 0, 0, 0, 0)
    assert after["Echo Rovers"] == (1, 0, 1, 0, 3, 0)
    gained = [now - was for was, now in zip(before["Bravo FC"], after["Bravo FC"], strict=True)]
    assert gained == [1, 1, 0, 3, 0, 3]


async def test_a_match_that_was_won_and_then_forfeited_is_lost(people: Any, seed: Any) -> None:
    match_id = seed.matches["Ajax SC-Bravo FC"]
    before = await tallies(people, seed)
    await correct(people, match_id, status="forfeit", score={"home": 0, "away": 3})
    after = await tallies(people, seed)
    assert after["Ajax SC"][-1] - before["Ajax SC"][-1] == -3
    assert after["Bravo FC"][-1] - before["Bravo FC"][-1] == 3
    deliver(observed(seed, "Ajax SC", "Bravo FC", "26000", 2, 1), dsn=seed.dsn)
    assert await tallies(people, seed) == after


@pytest.mark.parametrize(
    "wanted",
    [
        {"status": "forfeit"},
        {"status": "forfeit", "score": {"home": 2, "away": 1}},
        {"status": "forfeit", "score": {"home": 3, "away": 0, "home_shootout": 4, "away_shootout": 3}},
    ],
)
@pytest.mark.parametrize("name", ["Ajax SC-Bravo FC", "Bravo FC-Echo Rovers"])
async def test_a_forfeit_without_its_score_is_refused(people: Any, seed: Any, name: str, wanted: Any) -> None:
    answer = await correct(people, seed.matches[name], **wanted)
    assert answer.status_code == 400
    assert "0-3 if its home team forfeited, 3-0 if its away team did" in answer.json()["detail"]
    assert seed.value("select count(*) from match_locks") == 0


async def test_a_score_alone_leaves_a_forfeit_a_forfeit_and_a_live_match_live(people: Any, seed: Any) -> None:
    forfeited, live = seed.matches["Ajax SC-Bravo FC"], seed.matches["Bravo FC-Córdoba <FC>"]
    await correct(people, forfeited, status="forfeit", score={"home": 3, "away": 0})
    assert (await correct(people, forfeited, score={"home": 0, "away": 3})).json()["status"] == "forfeit"
    assert (await correct(people, forfeited, score={"home": 2, "away": 1})).status_code == 400
    assert (await correct(people, forfeited, status="forfeit")).json()["away_score"] == 3
    again = await correct(people, forfeited, status="completed", score={"home": 2, "away": 1})
    assert (again.json()["status"], again.json()["home_score"]) == ("completed", 2)
    await people.put(f"/api/live/matches/{live}", json={"home": 1, "away": 0}, headers=bearer(MANAGER))
    corrected = (await correct(people, live, score={"home": 1, "away": 1})).json()
    assert (corrected["status"], corrected["away_score"]) == ("live", 1)


async def test_a_forfeit_that_is_to_be_played_after_all_has_no_score(people: Any, seed: Any) -> None:
    match_id = seed.matches["Bravo FC-Echo Rovers"]
    before = await tallies(people, seed)
    await correct(people, match_id, status="forfeit", score={"home": 3, "away": 0})
    now = (await correct(people, match_id, status="scheduled")).json()
    assert (now["status"], now["home_score"], now["locks"]) == ("scheduled", None, ["status"])
    assert await tallies(people, seed) == before


async def test_score_and_status_of_a_forfeit_are_given_back_together(people: Any, seed: Any) -> None:
    match_id = seed.matches["Ajax SC-Bravo FC"]
    await correct(people, match_id, status="forfeit", score={"home": 0, "away": 3})
    freed = await people.delete(f"/api/admin/matches/{match_id}/locks/score", headers=bearer(ADMIN))
    assert freed.json()["locks"] == []
    deliver(observed(seed, "Ajax SC", "Bravo FC", "26000", 2, 1), dsn=seed.dsn)
    state = (await people.get(f"/api/admin/matches/{match_id}", headers=bearer(ADMIN))).json()
    assert (state["status"], state["home_score"], state["away_score"]) == ("completed", 2, 1)


async def test_the_source_s_score_does_not_become_a_forfeit_s(people: Any, seed: Any) -> None:
    match_id = seed.matches["Ajax SC-Bravo FC"]
    await correct(people, match_id, status="forfeit", score={"home": 0, "away": 3})
    deliver(observed(seed, "Ajax SC", "Bravo FC", "26000", 2, 1), dsn=seed.dsn)
    found = (await people.get("/api/admin/conflicts", headers=bearer(ADMIN))).json()["items"]
    by_field = {conflict["field"]: f"/api/admin/conflicts/{conflict['id']}" for conflict in found}
    taken = {"json": {"settlement": "taken"}, "headers": bearer(ADMIN)}
    assert (await people.post(by_field["score"], **taken)).status_code == 409
    assert (await people.post(by_field["status"], **taken)).json()["status"] == "completed"
    now = (await people.post(by_field["score"], **taken)).json()
    assert (now["home_score"], now["away_score"], now["locks"]) == (2, 1, [])


async def test_a_lock_can_be_given_back_once(people: Any, seed: Any) -> None:
    match_id = seed.matches["Ajax SC-Bravo FC"]
    wanted = {"status": "postponed", "reason": "rain"}
    await people.post(f"/api/admin/matches/{match_id}/corrections", json=wanted, headers=bearer(ADMIN))
    lock = f"/api/admin/matches/{match_id}/locks/status"
    state = f"/api/admin/matches/{match_id}"
    assert (await people.get(state, headers=bearer(ADMIN))).json()["locks"] == ["status"]
    assert (await people.get(state, headers=bearer(MANAGER))).status_code == 403
    assert (await people.get("/api/admin/matches/999999", headers=bearer(ADMIN))).status_code == 404
    assert (await people.delete(lock, headers=bearer(ADMIN))).json()["locks"] == []
    assert (await people.delete(lock, headers=bearer(ADMIN))).status_code == 404


@pytest.mark.parametrize(("settlement", "score"), [("kept", 2), ("taken", 3)])
async def test_a_conflict_is_settled_once(people: Any, seed: Any, settlement: str, score: int) -> None:
    match_id = seed.matches["Ajax SC-Bravo FC"]
    seed.execute(
        "insert into match_conflicts (match_id, field, kept_value, offered_value, reason, observed_at) "
        "values (%s, 'score', '2-1', '3-1', 'locked', now())",
        [match_id],
    )
    (found,) = (await people.get("/api/admin/conflicts", headers=bearer(ADMIN))).json()["items"]
    path = f"/api/admin/conflicts/{found['id']}"
    answer = await people.post(path, json={"settlement": settlement}, headers=bearer(ADMIN))
    assert answer.json()["home_score"] == score
    assert (await people.post(path, json={"settlement": settlement}, headers=bearer(ADMIN))).status_code == 409
    assert (await people.get("/api/admin/conflicts", headers=bearer(ADMIN))).json()["items"] == []


async def test_a_manager_scores_live_and_the_source_leaves_it_alone(people: Any, seed: Any) -> None:
    match_id = seed.matches["Bravo FC-Córdoba <FC>"]
    path = f"/api/live/matches/{match_id}"
    answer = await people.put(path, json={"home": 1, "away": 0}, headers=bearer(MANAGER))
    assert (answer.json()["status"], answer.json()["home_score"]) == ("live", 1)
    deliver(observed(seed, "Bravo FC", "Córdoba <FC>", "26005", 0, 4), dsn=seed.dsn)
    assert seed.execute("select status, home_score, away_score from matches where id = %s", [match_id]) == [
        ("live", 1, 0)
    ]
    final = await people.put(path, json={"home": 2, "away": 0, "final": True}, headers=bearer(MANAGER))
    assert (final.json()["status"], final.json()["locks"]) == ("completed", ["score"])
    assert (await people.put(path, json={"home": 9, "away": 0}, headers=bearer(MANAGER))).status_code == 409
    assert seed.value("select count(*) from match_conflicts where match_id = %s and field = 'score'", [match_id]) == 1


async def test_after_the_final_whistle_another_score_of_the_source_is_a_conflict_and_ours_holds(
    people: Any, seed: Any
) -> None:
    match_id = seed.matches["Bravo FC-Córdoba <FC>"]
    final = {"home": 2, "away": 0, "final": True}
    await people.put(f"/api/live/matches/{match_id}", json=final, headers=bearer(MANAGER))
    before = await tallies(people, seed)
    deliver(observed(seed, "Bravo FC", "Córdoba <FC>", "26005", 0, 4), dsn=seed.dsn)
    held = (await people.get(f"/api/admin/matches/{match_id}", headers=bearer(ADMIN))).json()
    assert (held["status"], held["home_score"], held["away_score"], held["locks"]) == ("completed", 2, 0, ["score"])
    (conflict,) = (await people.get("/api/admin/conflicts", headers=bearer(ADMIN))).json()["items"]
    wanted = {"match_id": match_id, "field": "score", "kept_value": "2-0", "offered_value": "0-4", "reason": "locked"}
    assert wanted.items() <= conflict.items()
    assert await tallies(people, seed) == before


def observed(seed: Any, home: str, away: str, external_id: str, *score: int) -> dict[str, Any]:
    squads = dict(seed.execute("select name, external_id from teams"))
    bracket = {
        "external_id": "139",
        "season": "2026-27",
        "league": "Homegrown",
        "division": "Northeast",
        "age_group": "U14",
    }
    match = {
        "source": "assist", "season": "2026-27", "league": "Homegrown", "external_id": external_id, "age_group": "U14",
        "division": "Northeast", "home": {"squad_id": squads[home], "name": home},
        "away": {"squad_id": squads[away], "name": away}, "home_brackets": ["139"], "away_brackets": ["139"],
        "kick_off": "2026-10-03T14:00:00Z", "timezone": "America/New_York", "local_date": "2026-10-03",
        "time_set": True,
        "status": "completed", "home_score": score[0], "away_score": score[1], "observed_at": "2026-10-06T00:00:00Z",
    }  # fmt: skip
    ids = {"run_id": str(uuid4()), "batch_id": str(uuid4()), "snapshot_id": str(uuid4())}
    return {"kind": "batch", "part": 1, "parts": 1, "brackets": [bracket], "matches": [match], **ids}


async def test_a_manager_of_other_teams_scores_nothing(people: Any, seed: Any) -> None:
    path = f"/api/live/matches/{seed.matches['Delta United-Ajax SC']}"
    assert (await people.put(path, json={"home": 1, "away": 0}, headers=bearer(MANAGER))).status_code == 403


async def test_a_disabled_account_is_refused_at_once(people: Any, seed: Any) -> None:
    seed.execute("update accounts set disabled_at = now()")
    assert (await people.get("/api/admin/audit", headers=bearer(ADMIN))).status_code == 403


async def test_the_quarantine_shows_the_payload(people: Any, seed: Any) -> None:
    seed.execute(
        "insert into ingest_rejections (reason, detail, payload, payload_sha256) "
        "values ('malformed', 'no date', '{\"a\": 1}', 'x')"
    )
    (item,) = (await people.get("/api/admin/quarantine", headers=bearer(ADMIN))).json()["items"]
    assert (item["payload"], item["reason"]) == ({"a": 1}, "malformed")


async def test_a_rejection_is_shown_replayed_once_its_cause_is_gone_and_the_match_lands(people: Any, seed: Any) -> None:
    unknown = match("x1", home={"name": "Harbour One", "age_label": "U14"})
    deliver(batch(match("m0"), unknown), dsn=seed.dsn)
    (listed,) = (await people.get("/api/admin/quarantine", headers=bearer(ADMIN))).json()["items"]
    path = f"/api/admin/quarantine/{listed['id']}"
    shown = (await people.get(path, headers=bearer(ADMIN))).json()
    assert shown["payload"]["home"]["name"] == "Harbour One"
    still = (await people.post(f"{path}/replay", headers=bearer(ADMIN))).json()
    assert (still["landed"], still["rejection"]["state"]) == (False, "open")
    assert "add an alias and replay" in still["detail"]
    seed.execute(
        "insert into team_aliases (alias, team_id) select 'Harbour One', id from teams where external_id = 's1'"
    )
    landed = (await people.post(f"{path}/replay", headers=bearer(ADMIN))).json()
    assert (landed["landed"], landed["detail"], landed["rejection"]["state"]) == (True, "", "replayed")
    assert seed.value("select count(*) from matches where external_id = 'x1'") == 1
    assert (await people.post(f"{path}/replay", headers=bearer(ADMIN))).status_code == 409
    entries = (await people.get("/api/admin/audit", headers=bearer(ADMIN))).json()["items"]
    assert [(entry["action"], entry["after"]) for entry in entries] == [
        ("replay", {"state": "open"}),
        ("replay", {"state": "replayed"}),
    ]


@pytest.mark.parametrize("action", ["replay", "drop"])
async def test_what_the_audit_log_cannot_hold_is_not_done(people: Any, seed: Any, action: str) -> None:
    deliver(batch(match("m0"), match("x1", home={"name": "Harbour One", "age_label": "U14"})), dsn=seed.dsn)
    seed.execute(
        "insert into team_aliases (alias, team_id) select 'Harbour One', id from teams where external_id = 's1'"
    )
    (listed,) = (await people.get("/api/admin/quarantine", headers=bearer(ADMIN))).json()["items"]
    path = f"/api/admin/quarantine/{listed['id']}"
    seed.execute("alter table audit_log rename to elsewhere")
    assert (await people.post(f"{path}/{action}", headers=bearer(ADMIN))).status_code == 500
    assert (await people.get(path, headers=bearer(ADMIN))).json()["state"] == "open"
    assert seed.value("select count(*) from matches where external_id = 'x1'") == 0
    seed.execute("alter table elsewhere rename to audit_log")
    assert (await people.post(f"{path}/{action}", headers=bearer(ADMIN))).status_code == 200


async def test_a_dropped_rejection_is_gone_from_the_list_and_stays_dropped(people: Any, seed: Any) -> None:
    deliver(batch(match("x1", timezone="Mars/Olympus")), dsn=seed.dsn)
    (listed,) = (await people.get("/api/admin/quarantine", headers=bearer(ADMIN))).json()["items"]
    path = f"/api/admin/quarantine/{listed['id']}"
    assert (await people.post(f"{path}/drop", headers=bearer(MANAGER))).status_code == 403
    assert (await people.post(f"{path}/drop", headers=bearer(ADMIN))).json()["state"] == "dropped"
    assert (await people.get("/api/admin/quarantine", headers=bearer(ADMIN))).json()["items"] == []
    assert (await people.post(f"{path}/drop", headers=bearer(ADMIN))).status_code == 409
    assert (await people.post("/api/admin/quarantine/987654/drop", headers=bearer(ADMIN))).status_code == 404


def claims(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"sub": str(ADMIN), "aud": AUDIENCE, "exp": now + 60, **more}


@pytest.mark.parametrize(
    "token",
    [
        jwt.encode(claims(), "another secret that is long enough too", algorithm="HS256"),
        jwt.encode(claims(aud="anon"), SECRET, algorithm="HS256"),
        jwt.encode(claims(exp=int(time.time()) - 120), SECRET, algorithm="HS256"),
        jwt.encode({"sub": str(ADMIN), "aud": AUDIENCE}, SECRET, algorithm="HS256"),
        jwt.encode(claims(sub="root"), SECRET, algorithm="HS256"),
        jwt.encode(claims(), None, algorithm="none"),
        "no token at all",
    ],
)
async def test_a_bad_token_is_refused(token: str) -> None:
    with pytest.raises(Unauthorized):
        await Verifier(SECRET, None).subject(token)


async def test_a_clock_that_is_some_seconds_ahead_is_forgiven() -> None:
    token = jwt.encode(claims(exp=int(time.time()) - 10), SECRET, algorithm="HS256")
    assert await Verifier(SECRET, None).subject(token) == ADMIN


@pytest.fixture
def jwks() -> Iterator[Any]:
    """A sign-in's key document, whose keys can be rotated."""
    document: dict[str, Any] = {"keys": []}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield document, f"http://127.0.0.1:{server.server_port}/jwks.json"
    server.shutdown()
    server.server_close()


def key(kid: str) -> tuple[ec.EllipticCurvePrivateKey, dict[str, Any]]:
    private = ec.generate_private_key(ec.SECP256R1())
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(private.public_key()))
    return private, {**public, "kid": kid, "use": "sig"}


async def test_keys_of_the_sign_in_are_fetched_and_may_rotate(jwks: Any) -> None:
    document, url = jwks
    old, old_public = key("old")
    new, new_public = key("new")
    document["keys"] = [old_public]
    verifier = Verifier(SECRET, url, refetch_after_s=0)
    signed = {
        kid: jwt.encode(claims(), k, algorithm="ES256", headers={"kid": kid}) for kid, k in (("old", old), ("new", new))
    }
    assert await verifier.subject(signed["old"]) == ADMIN
    document["keys"] = [new_public]
    assert await verifier.subject(signed["new"]) == ADMIN


@pytest.mark.parametrize("algorithm", ["HS256", "ES384", "RS256", "PS256"])
async def test_a_key_signs_with_its_own_algorithm_alone(jwks: Any, algorithm: str) -> None:
    """The header's word counts for nothing: a P-256 key verifies ES256, whatever else the token says."""
    document, url = jwks
    private, public = key("k")
    document["keys"] = [public]
    header = {"kid": "k", "typ": "JWT", "alg": algorithm}
    signed = jwt.encode(claims(), private, algorithm="ES256", headers={"kid": "k"})
    part = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    forged = ".".join([part, *signed.split(".")[1:]])
    with pytest.raises(Unauthorized):
        await Verifier(SECRET, url).subject(forged)
    assert await Verifier(SECRET, url).subject(signed) == ADMIN


async def test_a_token_from_the_near_future_is_good_and_from_the_far_one_is_not() -> None:
    soon, late = (jwt.encode(claims(nbf=int(time.time()) + ahead), SECRET, algorithm="HS256") for ahead in (10, 300))
    assert await Verifier(SECRET, None).subject(soon) == ADMIN
    with pytest.raises(Unauthorized):
        await Verifier(SECRET, None).subject(late)


async def test_a_public_key_is_no_shared_secret(jwks: Any) -> None:
    document, url = jwks
    _, public = key("k")
    document["keys"] = [public]
    forged = jwt.encode(claims(), public["x"], algorithm="HS256", headers={"kid": "k"})
    with pytest.raises(Unauthorized):
        await Verifier(None, url).subject(forged)
