"""A: who is calling, how that is known, and what they may do."""

import base64
import json
import statistics
import time
import uuid
from typing import Any

import jwt
import pytest

from reference_app.running import Backend
from tests.reference_app.client import ITEMS, PASSWORD, Client, Person
from tests.reference_app.conftest import SETTINGS

ME = "/api/v1/users/me"


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def forged(client: Client, ada: Person, algorithm: str = "HS256", **changes: Any) -> str:
    """Ada's access token, signed with the service's own key, with other claims."""
    key = client.service.settings["SECRET_KEY"]
    claims = {**claims_of(ada.token), **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm)


def status_with(client: Client, token: str) -> int:
    answer = client.get(ME, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code == 401:
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    return answer.status_code


@pytest.mark.spec("A1")
def test_a_login_gives_a_pair_with_the_promised_claims(client: Client) -> None:
    ada = client.person()
    data = client.log_in(ada.email).json()["data"]
    assert (data["expires_in"], data["token_type"]) == (900, "bearer")
    for kind, seconds in (("access", 900), ("refresh", 604_800)):
        token = data[f"{kind}_token"]
        assert jwt.get_unverified_header(token)["alg"] == "HS256"
        claims = claims_of(token)
        assert (claims["sub"], claims["type"]) == (ada.id, kind)
        assert claims["exp"] - claims["iat"] == seconds
        assert uuid.UUID(claims["jti"]).version == 4


@pytest.mark.spec("A2")
@pytest.mark.parametrize(
    "changes",
    [
        {"type": "refresh"},
        {"type": None},
        {"exp": 1_600_000_000},
        {"exp": None},
        {"iat": None},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
        {"iss": "someone else"},
        {"iss": None},
        {"aud": "another service"},
        {"aud": None},
        {"jti": None},
        {"jti": "1"},
        {"sub": None},
        {"sub": "x" * 5000},
        {"sub": str(uuid.uuid4())},
        {"algorithm": "HS384"},
    ],
)
def test_a_token_with_another_claim_is_refused(client: Client, changes: dict[str, Any]) -> None:
    ada = client.person()
    assert status_with(client, forged(client, ada)) == 200
    assert status_with(client, forged(client, ada, **changes)) == 401


@pytest.mark.spec("A2")
def test_a_token_without_a_signature_or_of_the_wrong_kind_is_refused(client: Client) -> None:
    ada = client.person()
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=")
    unsigned = f"{head.decode()}.{ada.token.split('.')[1]}."
    for token in (unsigned, ada.refresh_token, ada.token[:-2] + "xx", ".", "a.b.c", "é"):
        answer = client.get(ME, headers={"Authorization": f"Bearer {token}".encode()})
        assert answer.status_code == 401
    assert client.refresh(ada.token).status_code == 401


@pytest.mark.spec("A3")
def test_a_refresh_token_works_once_and_its_return_ends_the_family(client: Client) -> None:
    ada = client.person()
    other_device = client.log_in(ada.email).json()["data"]["refresh_token"]
    second = client.refresh(ada.refresh_token).json()["data"]["refresh_token"]
    third = client.refresh(second).json()["data"]["refresh_token"]
    assert client.refresh(second).status_code == 401
    assert client.refresh(third).status_code == 401
    assert client.refresh(other_device).status_code == 200


@pytest.mark.spec("A3")
def test_of_concurrent_refreshes_one_wins(client: Client) -> None:
    ada = client.person()
    body = {"refresh_token": ada.refresh_token}
    answers = client.at_once(10, "POST", "/api/v1/auth/refresh", json=body)
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 9


@pytest.mark.spec("A3")
def test_logging_out_ends_the_session_and_can_be_repeated(client: Client) -> None:
    ada = client.person()
    for token in (ada.refresh_token, ada.refresh_token, "rubbish"):
        answer = client.post("/api/v1/auth/logout", json={"refresh_token": token})
        assert (answer.status_code, answer.content) == (204, b"")
    assert client.refresh(ada.refresh_token).status_code == 401


@pytest.mark.spec("A4")
def test_a_hash_made_with_weaker_parameters_is_renewed_at_login(backend: Backend) -> None:
    with backend.service(settings=SETTINGS | {"PASSWORD_TIME_COST": "2"}) as service:
        client = Client(service)
        ada = client.person()
        weak = (
            "$argon2id$v=19$m=1024,t=1,p=1"
            "$yg/MFi/3O8L1g2qE9bKY2Q$U8BmR5ixLwVsGqSzipCqQbdWGxtNS87mUZAsskJHago"
        )
        client.sql("UPDATE users SET password_hash = %s", weak)
        assert client.log_in(ada.email, "correct-horse-battery-staple").status_code == 200
        [row] = client.sql("SELECT password_hash FROM users")
        assert row["password_hash"].startswith("$argon2id$v=19$m=1024,t=2,p=1$")
        client.close()


@pytest.mark.spec("A4")
def test_an_unknown_address_and_a_wrong_password_look_and_cost_the_same(backend: Backend) -> None:
    settings = SETTINGS | {
        "PASSWORD_MEMORY_KIB": "19456",
        "LOGIN_ATTEMPTS_PER_ACCOUNT": "100/minute",
    }
    with backend.service(settings=settings) as service:
        client = Client(service)
        ada = client.person()
        seconds: dict[str, list[float]] = {ada.email: [], "nobody@example.com": []}
        bodies = set()
        for _ in range(12):
            for email, taken in seconds.items():
                started = time.perf_counter()
                answer = client.log_in(email, "not the password")
                taken.append(time.perf_counter() - started)
                bodies.add((answer.status_code, str(answer.json()["error"])))
        client.close()
    assert len(bodies) == 1
    known, unknown = (statistics.median(taken) for taken in seconds.values())
    assert 0.5 < unknown / known < 2


@pytest.mark.spec("A4")
@pytest.mark.parametrize(
    "password", ["short", "password1234", "aaaaaaaaaaaaaa", "x" * 129, "ada.lovelace1815"]
)
def test_a_weak_password_is_refused(client: Client, password: str) -> None:
    body = {"email": "ada.lovelace@example.com", "password": password, "full_name": "Ada"}
    answer = client.post("/api/v1/users", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == "password"
    assert password not in answer.text


@pytest.mark.spec("A4")
def test_an_address_is_known_in_any_case_and_hostile_ones_are_refused(client: Client) -> None:
    ada = client.person()
    assert client.log_in(ada.email.upper()).status_code == 200
    for email in ("a\u0000b", "\ud800", "", "x" * 256):
        content = json.dumps({"email": email, "password": PASSWORD}).encode()
        answer = client.post(
            "/api/v1/auth/login", content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400


@pytest.mark.spec("A4")
def test_the_same_password_typed_on_another_keyboard_is_the_same(client: Client) -> None:
    body = {
        "email": "a@example.com",
        "password": "caf\u00e9 au lait, deux",  # pragma: allowlist secret
        "full_name": "Ada",
    }
    assert client.post("/api/v1/users", json=body).status_code == 201
    assert client.log_in("a@example.com", "cafe\u0301 au lait, deux").status_code == 200


MATRIX = {
    ("GET", "user", ""): (200, 404, 200, 200),
    ("PATCH", "user", ""): (200, 404, 403, 200),
    ("DELETE", "user", ""): (204, 404, 403, 204),
    ("GET", "user", "/orders"): (200, 404, 200, 200),
    ("POST", "user", "/orders"): (201, 404, 403, 201),
    ("GET", "order", ""): (200, 404, 200, 200),
    ("PATCH", "order", ""): (403, 404, 200, 200),
}
"""Owner, stranger, support, administrator."""


@pytest.mark.spec("A6")
@pytest.mark.parametrize(("method", "kind", "suffix"), MATRIX)
def test_each_role_reaches_what_it_may(client: Client, method: str, kind: str, suffix: str) -> None:
    bodies = {("PATCH", "user"): {"full_name": "X"}, ("PATCH", "order"): {"status": "paid"}}
    body = ITEMS if method == "POST" else bodies.get((method, kind))
    got = []
    for role in ("owner", "user", "support", "admin"):
        owner = client.person()
        caller = owner if role == "owner" else client.person(role)
        path = f"/api/v1/orders/{client.order(owner)['id']}" if kind == "order" else owner.path
        got.append(client.send(method, path + suffix, by=caller, json=body).status_code)
    assert tuple(got) == MATRIX[method, kind, suffix]


@pytest.mark.spec("A6")
def test_somebody_elses_and_nobodys_record_look_the_same(client: Client) -> None:
    ada, grace = client.person(), client.person()
    answers = [
        client.get(f"/api/v1/users/{user_id}{suffix}", by=ada)
        for user_id in (grace.id, uuid.uuid4())
        for suffix in ("", "/orders")
    ]
    assert {(one.status_code, str(one.json()["error"])) for one in answers} == {
        (404, str(answers[0].json()["error"]))
    }


@pytest.mark.spec("A6")
def test_role_status_and_id_are_not_the_owners_to_set(client: Client) -> None:
    ada = client.person()
    for change, status in (({"role": "admin"}, 403), ({"status": "inactive"}, 403)):
        assert client.patch(ada.path, by=ada, json=change).status_code == status
    assert client.patch(ada.path, by=ada, json={"id": str(uuid.uuid4())}).status_code == 400
    body = {"email": "x@example.com", "password": PASSWORD, "full_name": "X", "role": "admin"}
    assert client.post("/api/v1/users", json=body).status_code == 400


@pytest.mark.spec("A6")
def test_a_plain_users_list_holds_nobody_else(client: Client) -> None:
    ada, support = client.person(), client.person("support")
    assert [user["id"] for user in client.get("/api/v1/users", by=ada).json()["data"]] == [ada.id]
    assert client.get("/api/v1/users", by=support).json()["pagination"]["total_items"] == 2


@pytest.mark.spec("A6")
def test_demotion_suspension_and_deletion_take_effect_at_once(client: Client) -> None:
    ada, admin, boss = client.person(), client.person("admin"), client.person("admin")
    client.patch(admin.path, by=boss, json={"role": "user"})
    assert client.get(ada.path, by=admin).status_code == 404
    client.patch(ada.path, by=boss, json={"status": "suspended"})
    assert client.get(ada.path, by=ada).status_code == 403
    assert client.refresh(ada.refresh_token).status_code == 403
    client.send("DELETE", ada.path, by=boss)
    assert client.get(ada.path, by=ada).status_code == 401
