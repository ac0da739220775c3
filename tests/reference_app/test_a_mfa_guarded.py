"""A5: a second factor cannot be guessed, read from the database, or taken away by just anybody."""

import json
import subprocess
import sys
import threading
import uuid
from base64 import b32decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

import httpx
import pytest

from reference_app.running import Backend, Service
from reference_app.running.ports import free_port
from tests.reference_app.client import PASSWORD, Client
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.one_time_codes import (
    MFA,
    answer,
    challenged,
    confirm,
    enrolled,
    switched_on,
)
from tests.reference_app.test_x_operation import GOOD, run

OLD_KEY, NEW_KEY = (b64encode(bytes(range(first, first + 32))).decode() for first in (0, 100))


def statuses(answers: list[httpx.Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


@pytest.mark.spec("A5")
def test_guessing_is_limited_for_the_account_whatever_the_challenge(client: Client) -> None:
    ada = client.person()
    app, recovery_codes = switched_on(client, ada)
    for wrong in app.wrong_codes(5):
        assert answer(client, challenged(client, ada), wrong).status_code == 401
    for right in (app.code(), recovery_codes[0]):
        refused = answer(client, challenged(client, ada), right)
        assert refused.status_code == 429
        assert 890 <= int(refused.headers["Retry-After"]) <= 900
    assert client.post(f"{MFA}/disable", by=ada, json={"code": app.code()}).status_code == 429
    client.sql("UPDATE mfa_enrolments SET paused_until = now()")
    assert answer(client, challenged(client, ada), app.code()).status_code == 200


@pytest.mark.spec("A5")
def test_guessing_in_parallel_is_no_faster(client: Client) -> None:
    ada = client.person()
    app, _ = switched_on(client, ada)
    challenge = challenged(client, ada)
    bodies = [{"challenge_token": challenge, "code": code} for code in app.wrong_codes(9)]
    answers = client.at_once_each([{"json": body} for body in bodies], "POST", f"{MFA}/answer")
    assert statuses(answers) == [401] * 5 + [429] * 4


@pytest.mark.spec("A5")
def test_a_right_code_ends_a_row_of_wrong_ones(client: Client) -> None:
    ada = client.person()
    app, recovery_codes = switched_on(client, ada)
    for right in recovery_codes[:2]:
        for wrong in app.wrong_codes(4):
            assert answer(client, challenged(client, ada), wrong).status_code == 401
        assert answer(client, challenged(client, ada), right).status_code == 200


@pytest.mark.spec("A5")
def test_the_database_holds_nothing_that_could_be_used(client: Client) -> None:
    ada = client.person()
    app, recovery_codes = switched_on(client, ada)
    challenge = challenged(client, ada)
    stored = b""
    for table in ("mfa_enrolments", "mfa_recovery_codes", "mfa_challenges"):
        for row in client.sql(f"SELECT * FROM {table}"):
            stored += b"|".join(
                value if isinstance(value, bytes) else str(value).encode() for value in row.values()
            )
    assert ada.id.encode() in stored
    usable = [app.secret, *recovery_codes, *(code.replace("-", "") for code in recovery_codes)]
    for secret in (*(text.encode() for text in (challenge, *usable)), b32decode(app.secret)):
        assert secret not in stored
        assert secret.hex().encode() not in stored
        assert b64encode(secret) not in stored


@pytest.mark.spec("A5")
def test_no_two_secrets_share_a_key_stream(client: Client) -> None:
    def xor(one: bytes, other: bytes) -> bytes:
        return bytes(a ^ b for a, b in zip(one, other, strict=True))

    secrets = [enrolled(client, client.person()).secret.encode() for _ in range(2)]
    sealed = [row["secret"] for row in client.sql("SELECT secret FROM mfa_enrolments")]
    assert len(sealed[0]) > len(secrets[0])
    assert xor(*secrets) not in xor(*sealed)


@pytest.mark.spec("A5")
def test_a_sealed_secret_opens_for_its_owner_only(client: Client) -> None:
    ada, eve = client.person(), client.person()
    app, _ = switched_on(client, ada)
    hers, _ = switched_on(client, eve)
    client.sql(
        "UPDATE mfa_enrolments SET secret = (SELECT secret FROM mfa_enrolments WHERE user_id = %s)"
        " WHERE user_id = %s",
        eve.id,
        ada.id,
    )
    for code in (hers.code(), app.code()):
        refused = answer(client, challenged(client, ada), code)
        assert refused.status_code == 503
        assert "Retry-After" in refused.headers
    assert client.log("secret_unreadable")[0]["owner"] == ada.id


@pytest.mark.spec("A5")
def test_keys_rotate_while_the_service_runs(backend: Backend) -> None:
    def replica(of: Service, keys: str) -> Client:
        return Client(backend.service(beside=of, settings={"MFA_KEYS": keys}))

    with backend.service(settings=SETTINGS | {"MFA_KEYS": OLD_KEY}) as service:
        client = Client(service)
        people = [client.person() for _ in range(3)]
        apps = [switched_on(client, one)[0] for one in people]
        before = client.sql("SELECT key_id, secret FROM mfa_enrolments ORDER BY user_id")
        assert len({row["key_id"] for row in before}) == 1

        both = replica(service, f"{NEW_KEY},{OLD_KEY}")
        assert answer(both, challenged(both, people[0]), apps[0].code()).status_code == 200
        renewed = client.sql("SELECT key_id FROM mfa_enrolments WHERE user_id = %s", people[0].id)
        assert renewed[0]["key_id"] != before[0]["key_id"]

        environment = {**service.settings, "DATABASE_URL": service.database.url}
        lost = run("rotate-mfa-keys", **environment | {"MFA_KEYS": NEW_KEY})
        assert (lost.returncode, "2 secrets are under a key" in lost.stderr) == (1, True)
        for count in (2, 0):
            done = run("rotate-mfa-keys", **environment | {"MFA_KEYS": f"{NEW_KEY},{OLD_KEY}"})
            assert (done.returncode, done.stdout.split()[0]) == (0, str(count)), done.stderr
        after = client.sql("SELECT key_id FROM mfa_enrolments")
        assert {row["key_id"] for row in after} == {renewed[0]["key_id"]}

        only_new = replica(service, NEW_KEY)
        assert answer(only_new, challenged(only_new, people[1]), apps[1].code()).status_code == 200
        assert answer(client, challenged(client, people[2]), apps[2].code()).status_code == 503
        for one in (both, only_new):
            one.service.close()
            one.close()
        client.close()


@pytest.mark.spec("A5")
def test_without_a_key_the_service_runs_and_says_that_nobody_can_enrol(backend: Backend) -> None:
    database = backend.database()
    port = str(free_port())
    settings = GOOD | SETTINGS | {"DATABASE_URL": database.url, "PORT": port}
    with serving(**settings) as log, httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
        ada = {"email": "ada@example.com", "password": PASSWORD}
        made = http.post("/api/v1/users", json=ada | {"full_name": "Ada"})
        assert made.status_code == 201
        token = http.post("/api/v1/auth/login", json=ada).json()["data"]["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        assert http.get(MFA).json()["data"]["status"] == "off"
        refused = http.post(f"{MFA}/enrol")
        assert (refused.status_code, "no key" in refused.text) == (503, True)
    database.drop()
    assert [line["event"] for line in log if "MFA_KEYS" in str(line)] == ["mfa_off"]


@contextmanager
def serving(**environment: str) -> Iterator[list[dict[str, Any]]]:
    """`serve` as a process of its own, once it listens; the log lines it wrote up to then."""
    command = [sys.executable, "-m", "reference_app", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        deadline = threading.Timer(30, process.kill)
        deadline.start()
        assert process.stdout is not None
        lines = (json.loads(line) for line in process.stdout)
        try:
            yield [*takewhile(lambda line: "running on" not in line["event"], lines)]
        finally:
            deadline.cancel()
            process.kill()


@pytest.mark.spec("A5")
def test_an_administrator_takes_away_a_second_factor_but_not_their_own(client: Client) -> None:
    ada, admin = client.person(), client.person("admin")
    switched_on(client, ada)
    app, _ = switched_on(client, admin)
    path = f"{ada.path}/mfa"
    refused = {
        client.person("support"): 403,
        client.person(): 404,
        ada: 403,
        None: 401,
    }
    for somebody, status in refused.items():
        assert client.send("DELETE", path, by=somebody).status_code == status
    assert client.send("DELETE", f"{admin.path}/mfa", by=admin).status_code == 403
    for _ in range(2):
        assert client.send("DELETE", path, by=admin).status_code == 204
    nobody = f"/api/v1/users/{uuid.uuid4()}/mfa"
    assert client.send("DELETE", nobody, by=admin).status_code == 404
    assert "access_token" in client.log_in(ada.email).json()["data"]
    assert answer(client, challenged(client, admin), app.code()).status_code == 200


@pytest.mark.spec("A5")
def test_the_log_tells_what_happened_and_no_code(client: Client) -> None:
    ada = client.person()
    app = enrolled(client, ada)
    before, now = app.codes(-1, 0)
    recovery_codes = confirm(client, ada, before).json()["data"]["recovery_codes"]
    challenge = challenged(client, ada)
    [wrong] = app.wrong_codes(1)
    for code in (wrong, before, now, recovery_codes[0]):
        answer(client, challenge, code)
    client.post(f"{MFA}/disable", by=ada, json={"code": recovery_codes[1]})
    for event in ("mfa_enrolled", "mfa_confirmed", "mfa_code_wrong", "mfa_disabled"):
        assert {line["user_id"] for line in client.log(event)} == {ada.id}
    log = "\n".join(client.service.logs())
    for secret in (app.secret, challenge, *recovery_codes, f'"{now}"', f'"{wrong}"'):
        assert secret not in log
