"""H4: closed to other sites unless configured, and no stranger is believed."""

from collections.abc import Iterator

import pytest

from reference_app.running import Backend, Service
from tests.reference_app.client import PASSWORD, Client
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.test_h_hardening import HEADERS

FRIEND = "https://app.example.com"
ANOTHER = "http://localhost:3000"
STRANGERS = (
    "https://evil.example",
    "https://app.example.com.evil.example",
    "https://evil.app.example.com",
    "http://app.example.com",
    "https://app.example.com:444",
    "null",
    "*",
    "",
)
PATH = "/api/v1/users/me"


@pytest.fixture(scope="module")
def friendly_service(backend: Backend) -> Iterator[Service]:
    with backend.service(settings=SETTINGS | {"CORS_ORIGINS": f"{FRIEND},{ANOTHER}"}) as service:
        yield service


@pytest.fixture
def friendly(friendly_service: Service) -> Iterator[Client]:
    friendly_service.reset()
    client = Client(friendly_service)
    yield client
    client.close()


def preflight(origin: str, method: str = "PATCH", headers: str = "authorization") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }


def granted(names: str) -> set[str]:
    return {name.strip().lower() for name in names.split(",")}


@pytest.mark.spec("H4")
def test_without_configuration_no_other_site_may_ask_or_read(client: Client) -> None:
    asked = client.send("OPTIONS", PATH, headers=preflight(FRIEND))
    read = client.get(PATH, by=client.person(), headers={"Origin": FRIEND})
    assert (asked.status_code, read.status_code) == (400, 200)
    for answer in (asked, read):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.spec("H4")
@pytest.mark.parametrize("origin", [FRIEND, ANOTHER])
def test_a_configured_site_may_ask_and_read(friendly: Client, origin: str) -> None:
    wanted = "authorization, content-type, if-match, idempotency-key"
    asked = friendly.send("OPTIONS", PATH, headers=preflight(origin, headers=wanted))
    assert asked.status_code == 200
    assert asked.headers.get_list("Access-Control-Allow-Origin") == [origin]
    assert "patch" in granted(asked.headers["Access-Control-Allow-Methods"])
    assert granted(wanted) <= granted(asked.headers["Access-Control-Allow-Headers"])
    read = friendly.get(PATH, by=friendly.person(), headers={"Origin": origin})
    assert read.headers.get_list("Access-Control-Allow-Origin") == [origin]
    readable = granted(read.headers["Access-Control-Expose-Headers"])
    assert {"x-request-id", "etag", "location", "retry-after", "ratelimit"} <= readable


@pytest.mark.spec("H4")
@pytest.mark.parametrize("origin", STRANGERS)
def test_any_other_site_gets_nothing(friendly: Client, origin: str) -> None:
    asked = friendly.send("OPTIONS", PATH, headers=preflight(origin))
    read = friendly.get(PATH, headers={"Origin": origin})
    assert asked.json()["error"]["code"] == "VALIDATION_ERROR"
    for answer in (asked, read):
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.spec("H4")
@pytest.mark.parametrize("wanted", [{"method": "TRACE"}, {"headers": "x-forwarded-for"}])
def test_a_configured_site_may_send_only_what_the_service_takes(
    friendly: Client, wanted: dict[str, str]
) -> None:
    assert friendly.send("OPTIONS", PATH, headers=preflight(FRIEND, **wanted)).status_code == 400


@pytest.mark.spec("H4")
def test_cookies_are_never_allowed_and_caches_keep_origins_apart(friendly: Client) -> None:
    for headers in ({"Origin": FRIEND}, preflight(FRIEND), {"Origin": STRANGERS[0]}, {}):
        method = "OPTIONS" if len(headers) > 1 else "GET"
        answer = friendly.send(method, PATH, headers=headers)
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "origin" in granted(answer.headers["Vary"])


@pytest.mark.spec("H1", "H4")
@pytest.mark.parametrize(
    ("method", "path"),
    [("OPTIONS", PATH), ("GET", "/nowhere"), ("PUT", "/health"), ("POST", "/api/v1/users")],
)
def test_a_page_can_read_errors_and_they_have_the_security_headers_once(
    friendly: Client, method: str, path: str
) -> None:
    headers = preflight(FRIEND) if method == "OPTIONS" else {"Origin": FRIEND}
    answer = friendly.send(method, path, headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "X-Request-ID" in answer.headers
    for name, value in HEADERS.items():
        assert answer.headers.get_list(name) == [value]


@pytest.mark.spec("H1", "H4", "C7")
def test_a_page_can_read_a_500(friendly: Client) -> None:
    ada = friendly.person()
    friendly.sql("ALTER TABLE users RENAME COLUMN full_name TO nickname")
    try:
        answer = friendly.get("/api/v1/users", by=ada, headers={"Origin": FRIEND})
    finally:
        friendly.sql("ALTER TABLE users RENAME COLUMN nickname TO full_name")
    assert answer.status_code == 500
    assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "Traceback" not in answer.text


@pytest.mark.spec("H4")
def test_what_a_stranger_says_was_forwarded_is_not_believed(client: Client) -> None:
    spoofed = {
        "X-Forwarded-For": "198.51.100.66",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=198.51.100.66;host=evil.example;proto=https",
        "Host": "evil.example",
    }
    body = {"email": "a@example.com", "password": PASSWORD, "full_name": "A"}
    answer = client.post("/api/v1/users", json=body, headers=spoofed)
    assert answer.headers["Location"].startswith("/api/v1/users/")
    client.log("request_finished", answer)
    for place in (answer.text, str(answer.headers), *client.service.logs()):
        assert "evil.example" not in place
        assert "198.51.100.66" not in place
