"""H2: what can be understood in two ways, or not at all, is a 400 that says why."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.reference_app.client import ITEMS, PASSWORD, Client

JSON = {"Content-Type": "application/json"}
ADA = {"email": "ada@example.com", "password": PASSWORD, "full_name": "Ada"}


def registration(**other: str) -> str:
    return json.dumps(ADA | other)


@pytest.mark.spec("H2")
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"refresh_token": "a", "refresh_token": "b"}', "Has the key 'refresh_token' twice."),
        (b'{"x": {"\\ud800": 1, "\\ud800": 2}}', "Has the key '\\ud800' twice."),
        (b'{"refresh_token": NaN}', "Is not JSON: NaN is no number."),
        (b"[-Infinity]", "Is not JSON: -Infinity is no number."),
        (b"[" * 30_000 + b"]" * 30_000, "Is nested too deeply."),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "Is nested too deeply."),
        (b"9" * 5_000, "Has a number that is too long."),
        (b'{"refresh_token": "\xff"}', "Must be UTF-8."),
        ('{"refresh_token": "a"}'.encode("utf-16"), "Must be UTF-8."),
        (b'{"refresh_token": "a"} x', "Is not JSON: Extra data at character 23."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_json_that_readers_could_differ_about_is_refused(
    client: Client, body: bytes, reason: str
) -> None:
    answer = client.post("/api/v1/auth/logout", content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"] == [{"field": "body", "message": reason}]


@pytest.mark.spec("H2")
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json; charset=utf-8", 201),
        ("application/merge-patch+json", 201),
        ("Application/JSON", 201),
        ("application/jsonx", 400),
        ("text/json", 400),
        (None, 400),
    ],
)
def test_a_body_has_to_say_that_it_is_json(client: Client, kind: str | None, status: int) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = client.post("/api/v1/users", content=registration().encode(), headers=headers)
    assert answer.status_code == status


@pytest.mark.spec("H2")
@pytest.mark.parametrize(
    "text", ["a\x00b", "a\x7fb", "a\x9fb", "a\u202eb", "a\u2066b", "\u2003", "", "a" * 101]
)
def test_a_name_is_text_that_can_be_seen(client: Client, text: str) -> None:
    body = registration(full_name=text)
    assert client.post("/api/v1/users", content=body, headers=JSON).status_code == 400


@pytest.mark.spec("H2")
def test_scripts_and_characters_of_tomorrow_are_welcome(client: Client) -> None:
    for number, name in enumerate(["محمد", "山田 太郎", "👩‍💻", "\U0001faea", "\U0001f600" * 100]):
        body = registration(email=f"{number}@example.com", full_name=name)
        answer = client.post("/api/v1/users", content=body, headers=JSON)
        assert (answer.status_code, answer.json()["data"]["full_name"]) == (201, name)


@pytest.mark.spec("H2")
def test_a_password_with_control_characters_is_refused(client: Client) -> None:
    body = registration(password=f"{PASSWORD}\x00")
    assert client.post("/api/v1/users", content=body, headers=JSON).status_code == 400
    assert client.log_in("ada@example.com", f"{PASSWORD}\x00").status_code == 400


@pytest.mark.spec("H2", "D2")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@EXAMPLE.com", "ada@example.com"),
        ("Ada@example.com", "aDA@example.com"),
        ("jo\u0308rg@example.com", "j\u00f6rg@example.com"),
        ("j\u00f6rg@example.com", "J\u00d6RG@example.com"),
        ("ada@bu\u0308cher.example.com", "ada@B\u00dcCHER.example.com"),
        ("ada@xn--bcher-kva.example.com", "ada@b\u00fccher.example.com"),
    ],
)
def test_two_spellings_of_an_address_are_one(client: Client, one: str, other: str) -> None:
    assert client.register(one).status_code == 201
    assert client.register(other).status_code == 409
    assert [client.log_in(email).status_code for email in (one, other)] == [200, 200]


@pytest.mark.spec("H2")
def test_amounts_are_strings_and_whole_numbers_whole(client: Client) -> None:
    ada = client.person()
    line = ITEMS["items"][0]
    for change, status in (
        ({"unit_price": 12.5}, 400),
        ({"unit_price": 12}, 400),
        ({"quantity": 2.5}, 400),
        ({"quantity": 2.0}, 201),
    ):
        answer = client.post(f"{ada.path}/orders", by=ada, json={"items": [line | change]})
        assert answer.status_code == status, change


@pytest.mark.spec("H2")
@pytest.mark.parametrize("moment", ["0.5", "1767225600", "2026-01-31", "2026-01-31T12:00:00", ""])
def test_a_moment_is_a_date_a_time_and_a_zone(client: Client, moment: str) -> None:
    admin = client.person("admin")
    got = [
        client.get("/api/v1/reports/orders", by=admin, params={"created_from": value}).status_code
        for value in (moment, "2026-01-31T12:00:00.5+01:00")
    ]
    assert got == [400, 200]


@pytest.mark.spec("H2", "C2")
@pytest.mark.parametrize("name", ["created_from", "created_before"])
@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("9999-12-31T23:59:59-12:00", 400),
        ("9999-12-31T23:59:59Z", 200),
        ("0001-01-01T00:00:00Z", 200),
        ("0001-01-01T00:00:00+12:00", 400),
    ],
)
def test_a_moment_is_within_the_years_that_there_are_wherever_its_zone(
    client: Client, name: str, moment: str, status: int
) -> None:
    admin = client.person("admin")
    answer = client.get("/api/v1/reports/orders", by=admin, params={name: moment})
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["error"]["code"] == "VALIDATION_ERROR"
        assert answer.json()["error"]["details"][0]["field"] == name


@pytest.mark.spec("H2")
def test_null_is_not_a_value_to_change_something_to(client: Client) -> None:
    ada = client.person()
    assert client.patch(ada.path, by=ada, json={"full_name": None}).status_code == 400


@pytest.mark.spec("H2", "E3")
def test_a_caller_decides_neither_how_long_an_error_is_nor_what_is_in_it(client: Client) -> None:
    body = {f"\x1b[31m\n{'x' * 300}{number}": 1 for number in range(150)}
    answer = client.post("/api/v1/auth/logout", json=body)
    details = answer.json()["error"]["details"]
    assert (answer.status_code, len(details)) == (400, 100)
    assert all(len(one["field"]) <= 200 and one["field"].isprintable() for one in details)


@pytest.mark.spec("H2")
@pytest.mark.parametrize(
    "query",
    [
        *("email=%00", "email=%ff", "status=%00", "status=active%00", "sort=%00", "%00=1"),
        *("%ed%a0%80=1", "page=%EF%BC%91", "page=1e2", "page=+1", "limit=0x10", "role="),
        "email=a%40example.com&email=b%40example.com",
    ],
)
def test_a_query_that_makes_no_sense_is_400(client: Client, query: str) -> None:
    assert client.get(f"/api/v1/users?{query}", by=client.person()).status_code == 400


@pytest.mark.spec("H2", "E4")
@pytest.mark.parametrize(
    ("request_line", "header", "status"),
    [
        (b"GET /api/v1/users", b"Authorization: Bearer \xff\xfe", b"401"),
        (b"GET /api/v1/users", b"Authorization: \xff \xfe", b"401"),
        (b"GET /api/v1/users/%ff", b"X-Request-ID: \xff", b"401"),
        (b"POST /api/v1/users", b"Content-Type: application/json; charset=\xff", b"400"),
        (b"GET /health", b"Upgrade: websocket\r\nConnection: Upgrade", b"200"),
    ],
)
def test_bytes_that_are_no_text_in_headers_do_no_harm(
    client: Client, request_line: bytes, header: bytes, status: bytes
) -> None:
    address = urlsplit(client.service.url)
    with socket.create_connection((str(address.hostname), address.port or 80), 5) as connection:
        connection.sendall(
            request_line + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header + b"\r\n\r\n"
        )
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] == status
    assert b"strict-transport-security" in head.lower()
    assert json.loads(body)["success"] is (status == b"200")
