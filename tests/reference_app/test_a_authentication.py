"""A1–A4: who is calling, and how that is known."""

import base64
import json
import statistics
import time
import uuid
from typing import Any

import jwt
import pytest

from reference_app.config import Settings
from reference_app.running import Backend
from tests.reference_app.client import PASSWORD, Client, Person
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


@pytest.mark.spec("A4")
@pytest.mark.parametrize(
    ("password", "mistaken"),
    [
        ("  spaces belong to it  ", "spaces belong to it"),
        ("Capitals Belong To It", "capitals belong to it"),
        ("abcd" * 32, "abcd" * 31 + "abcx"),
        ("é" * 36 + "abcd" * 4, "é" * 36 + "abcd" * 3 + "abcx"),
    ],
    ids=["space", "case", "the 128th character", "what is beyond 72 bytes"],
)
def test_every_character_of_a_password_counts(client: Client, password: str, mistaken: str) -> None:
    body = {"email": "ada@example.com", "password": password, "full_name": "Ada"}
    assert client.post("/api/v1/users", json=body).status_code == 201
    assert client.log_in("ada@example.com", mistaken).status_code == 401
    assert client.log_in("ada@example.com", password).status_code == 200


@pytest.mark.spec("A4")
def test_a_hash_tells_its_parameters_and_has_a_salt_of_its_own(client: Client) -> None:
    for email in ("ada@example.com", "grace@example.com"):
        client.register(email)
    rows = client.sql("SELECT password_hash FROM users")
    hashes = [row["password_hash"].split("$") for row in rows]
    assert [one[1:4] for one in hashes] == [["argon2id", "v=19", "m=1024,t=1,p=1"]] * 2
    assert hashes[0][4] != hashes[1][4]


@pytest.mark.spec("A4")
def test_hashes_cost_what_owasp_asks_for_unless_it_is_set_otherwise() -> None:
    fields = Settings.model_fields
    assert fields["password_memory_kib"].default >= 19_456
    assert fields["password_time_cost"].default >= 2


@pytest.mark.spec("A4")
def test_what_is_too_long_for_a_password_is_not_hashed(client: Client) -> None:
    assert client.log_in("ada@example.com", "abcd" * 128).status_code == 401
    assert client.log_in("ada@example.com", "abcd" * 128 + "e").status_code == 400
