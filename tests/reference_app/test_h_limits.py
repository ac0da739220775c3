"""H3, C6: a caller gets what is promised and not one request more, whichever replica answers."""

import time

import pytest

from reference_app.running import Backend
from tests.reference_app.client import PASSWORD, Client
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.standing import READ, left, refused

JSON = {"Content-Type": "application/json"}


@pytest.mark.spec("H3", "C6")
def test_a_caller_gets_what_is_promised_and_not_one_more(limited: Client) -> None:
    ada = limited.person()
    answers = [limited.get(ada.path, by=ada) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert [left(answer) for answer in answers] == [4, 3, 2, 1, 0, 0, 0]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"read";q=5;w=86400'}


@pytest.mark.spec("C6")
def test_a_429_is_an_error_like_any_other_and_says_when_to_come_back(limited: Client) -> None:
    answer = [limited.get(READ) for _ in range(6)][-1]
    assert answer.json()["error"]["code"] == "TOO_MANY_ATTEMPTS"
    assert answer.json()["meta"]["request_id"] == answer.headers["X-Request-ID"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["RateLimit"] == f'"read";r=0;t={answer.headers["Retry-After"]}'
    assert 0 < int(answer.headers["Retry-After"]) <= 86_400
    [line] = limited.log("rate_limited", answer)
    assert line["limit"] == "read"
    assert limited.log("request_finished", answer)[0]["status"] == 429


@pytest.mark.spec("H3", "C6")
def test_retry_after_is_neither_too_early_nor_too_late(backend: Backend) -> None:
    with backend.service(settings=SETTINGS | {"RATE_LIMIT_READ": "2/3 seconds"}) as service:
        client = Client(service)
        while not refused(answer := client.get(READ)):
            pass
        told = int(answer.headers["Retry-After"])
        since = time.monotonic()
        while refused(answer := client.get(READ)):
            assert time.monotonic() < since + 5, "blocked for good"
        waited = time.monotonic() - since
        client.close()
    assert told - 1.1 < waited < told + 0.5
    assert left(answer) == 1


@pytest.mark.spec("H3")
def test_each_class_of_routes_has_a_quota_of_its_own(limited: Client) -> None:
    ada = limited.person()
    assert [refused(limited.get(ada.path, by=ada)) for _ in range(6)][-1]
    writes = [limited.patch(ada.path, by=ada, json={"full_name": "X"}) for _ in range(4)]
    assert [answer.status_code for answer in writes] == [200, 200, 200, 429]
    registered = [limited.register(f"{n}@example.com").status_code for n in range(4)]
    assert registered == [201, 201, 201, 429]  # ada was the first


@pytest.mark.spec("H3")
def test_a_user_is_counted_whatever_the_token_or_path_and_nobody_else_with_them(
    limited: Client,
) -> None:
    ada, grace = limited.person(), limited.person()
    again = limited.log_in(ada.email).json()["data"]["access_token"]
    limited.get(ada.path, by=ada)
    for path in ("/api/v1/users/me", f"{grace.path}", "/nowhere"):
        limited.get(path, headers={"Authorization": f"Bearer {again}"})
    assert left(limited.get(ada.path, by=ada)) == 0
    assert left(limited.get(grace.path, by=grace)) == 4
    assert left(limited.get(READ)) == 4


@pytest.mark.spec("H3")
def test_a_token_that_is_not_valid_makes_no_caller(limited: Client) -> None:
    tokens = [f"forged.{n}.{n}" for n in range(4)]
    for token in tokens:
        limited.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})
    assert left(limited.get(READ)) == 0


@pytest.mark.spec("H3")
def test_the_limit_comes_before_the_work(limited: Client) -> None:
    for n in range(4):
        limited.register(f"{n}@example.com")
    before = limited.statements()
    assert refused(limited.post("/api/v1/users", content=b"{", headers=JSON))
    assert refused(limited.post("/api/v1/users", content=b" " * 100_000))
    assert limited.statements() == before


@pytest.mark.spec("A4", "C6")
def test_a_login_counts_against_account_and_address(limited: Client) -> None:
    limited.register("ada@example.com")
    codes = [limited.log_in("Ada@example.com", "wrong").status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429]
    assert limited.log_in("ada@example.com").status_code == 429
    codes = [limited.log_in(f"{n}@example.com", "wrong").status_code for n in range(4)]
    assert codes == [401, 401, 401, 429]
    assert "RateLimit" in limited.log_in("ada@example.com").headers


@pytest.mark.spec("A4", "C6")
@pytest.mark.parametrize("registered", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("iiris@example.com", "\u0130iris@example.com"),
        ("j\u00f6rg@example.com", "jo\u0308rg@example.com"),
        ("ada@b\u00fccher.example.com", "ada@xn--bcher-kva.example.com"),
        ("\u03b1\u03c3@example.com", "\u0391\u03a3@example.com"),
    ],
)
def test_all_spellings_that_lead_to_an_account_are_one_count(
    limited: Client, one: str, other: str, *, registered: bool
) -> None:
    """That there is no such account cannot be told from how they are counted, either."""
    if registered:
        limited.register(one)
        assert limited.log_in(other).status_code == 200
    codes = [limited.log_in(email, "wrong").status_code for email in (one, other, one)]
    assert codes == [401, 401, 401]
    assert [limited.log_in(email).status_code for email in (one, other)] == [429, 429]


@pytest.mark.spec("A4")
def test_a_token_of_ones_own_gives_no_more_logins(limited: Client) -> None:
    ada = limited.person()
    body = {"email": "nobody@example.com", "password": PASSWORD}
    answer = limited.post("/api/v1/auth/login", by=ada, json=body)
    assert answer.headers["RateLimit"].startswith('"login";r=6;')


@pytest.mark.spec("A4")
def test_a_login_that_succeeds_forgets_the_attempts_of_its_account(limited: Client) -> None:
    limited.register("ada@example.com")
    passwords = ["wrong", "wrong", PASSWORD, "wrong", "wrong", PASSWORD]
    codes = [limited.log_in("ada@example.com", password).status_code for password in passwords]
    assert codes == [401, 401, 200, 401, 401, 200]


@pytest.mark.spec("H3")
def test_who_runs_the_service_is_not_limited(limited: Client) -> None:
    for path in ("/health", "/ready", "/ready?exclude=cache", "/metrics"):
        answers = [limited.get(path) for _ in range(7)]
        assert {answer.status_code for answer in answers} == {200}
        assert "RateLimit" not in answers[-1].headers


@pytest.mark.spec("H3")
def test_requests_that_come_together_are_counted_one_by_one(limited: Client) -> None:
    answers = limited.at_once(12, "GET", READ)
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 7


@pytest.mark.spec("H3", "C6")
def test_the_documentation_tells_of_the_limits(client: Client) -> None:
    for path, operations in client.get(READ).json()["paths"].items():
        for operation in operations.values():
            limited = "429" in operation["responses"]
            assert limited == (path not in ("/health", "/ready"))
            assert all(
                ("RateLimit" in answer["headers"]) == limited
                for answer in operation["responses"].values()
            )
