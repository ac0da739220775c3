"""H5: secrets come from the environment or a mounted file, are no guess, and are never shown."""

import os
import re
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from reference_app.config import ConfigurationError, load_settings
from reference_app.running import Backend
from tests.reference_app.client import PASSWORD, Client, Person
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.test_x_operation import run

MFA_KEY = b64encode(bytes(range(32))).decode()
SECRETS = {
    "DATABASE_URL": "postgresql://ada:s3cret-one@127.0.0.1:1/dojo",  # pragma: allowlist secret
    "EXPORT_DATABASE_URL": "postgresql://ada:s3cret@h/dojo",  # pragma: allowlist secret
    "REDIS_URL": "redis://:s3cret-two@127.0.0.1:1/0",
    "SECRET_KEY": "s3cret-three, of more than thirty-two bytes",  # pragma: allowlist secret
    "MFA_KEYS": MFA_KEY,
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.spec("H5")
@pytest.mark.usefixtures("environment")
def test_settings_do_not_show_their_secrets() -> None:
    settings = load_settings()
    shown = repr(settings) + str(settings) + settings.model_dump_json() + str(settings.model_dump())
    for secret in ("s3cret", MFA_KEY):
        assert secret not in shown
    assert "secret_key" in shown


@pytest.mark.spec("H5")
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_stand_in_a_file(
    environment: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    given = load_settings()
    file = tmp_path / "secret"
    file.write_text(SECRETS[name] + "\n")
    environment.delenv(name)
    environment.setenv(f"{name}_FILE", str(file))
    assert load_settings() == given


@pytest.mark.spec("H5")
def test_a_file_that_cannot_be_used_is_named_without_what_is_in_it(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("SECRET_KEY", "REDIS_URL", "MFA_KEYS"):
        environment.delenv(name)
    (tmp_path / "short").write_text("s3cret")
    (tmp_path / "bytes").write_bytes(b"s3cret\xff" * 9)
    environment.setenv("SECRET_KEY_FILE", str(tmp_path / "short"))
    environment.setenv("REDIS_URL_FILE", "s3cret-in-the-wrong-place")
    environment.setenv("MFA_KEYS_FILE", str(tmp_path / "bytes"))
    environment.setenv("DATABASE_URL_FILE", str(tmp_path / "short"))
    with pytest.raises(ConfigurationError) as told:
        load_settings()
    lines = str(told.value).splitlines()
    assert len(lines) == 5
    for name, reason in (
        ("SECRET_KEY", "at least 32 bytes"),
        ("REDIS_URL_FILE", "No such file"),
        ("MFA_KEYS_FILE", "not text"),
        ("DATABASE_URL_FILE", "only one of them"),
    ):
        assert any(line.startswith(f"  {name}: ") and reason in line for line in lines)
    assert "s3cret" not in str(told.value)


@pytest.mark.spec("H5")
@pytest.mark.parametrize(
    "value", ["s3cret", "x://s3cret", "{}://[s3cret", "{}://ada@h:s3cret/x", "{}://s3cret@"]
)
def test_an_address_that_is_none_is_refused_without_being_shown(
    environment: pytest.MonkeyPatch, value: str
) -> None:
    environment.setenv("DATABASE_URL", value.replace("{}", "postgresql"))
    environment.setenv("REDIS_URL", value.replace("{}", "redis"))
    with pytest.raises(ConfigurationError, match=r"(?s)  DATABASE_URL: .*  REDIS_URL: ") as told:
        load_settings()
    assert "s3cret" not in str(told.value)


@pytest.mark.spec("H5")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "changeme" * 4),
        ("SECRET_KEY", "please change this to something of your own"),
        ("SECRET_KEY", "django-insecure-of-more-than-32-bytes"),
        ("SECRET_KEY", "hunter2-" * 5),
        ("SECRET_KEY", "0" * 64),
        ("SECRET_KEY", "x" * 31),
        ("SECRET_KEY", ""),
        ("MFA_KEYS", ""),
        ("MFA_KEYS", b64encode(bytes(32)).decode()),
        ("MFA_KEYS", b64encode(bytes(range(16))).decode()),
        ("MFA_KEYS", f"{MFA_KEY},"),
        ("MFA_KEYS", MFA_KEY[:-2] + "!="),
    ],
)
def test_a_secret_that_is_no_secret_is_refused(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"  {name}: ") as told:
        load_settings()
    assert not value or value not in str(told.value)


def known_to_nobody(text: str) -> bool:
    return "s3cret" not in text and MFA_KEY not in text


@pytest.mark.spec("H5")
@pytest.mark.parametrize("command", ["migrate", "seed", "serve"])
def test_what_fails_at_the_start_shows_no_secret(command: str) -> None:
    done = run(command, **SECRETS, HOST="192.0.2.1")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert len(said) > 100
    assert known_to_nobody(said)


@pytest.mark.spec("H5")
def test_no_answer_and_no_log_line_shows_a_secret_when_nothing_works(backend: Backend) -> None:
    with backend.service(settings=SETTINGS | SECRETS) as service:
        client = Client(service)
        answers = sweep(client)
        log = client.service.logs()
        client.close()
    assert {200, 400, 401, 404, 503} <= {answer.status_code for answer in answers}
    assert all(known_to_nobody(answer.text + str(answer.headers)) for answer in answers)
    assert known_to_nobody("\n".join(log))


@pytest.mark.spec("H5")
def test_no_answer_and_no_log_line_shows_a_secret_when_all_works(client: Client) -> None:
    ada = client.person()
    client.order(ada)
    answers = sweep(client, ada)
    client.sql("ALTER TABLE users RENAME TO elsewhere")
    try:
        answers += sweep(client, ada)
    finally:
        client.sql("ALTER TABLE elsewhere RENAME TO users")
    assert {200, 400, 401, 404, 500} <= {answer.status_code for answer in answers}
    everything = "".join(answer.text + str(answer.headers) for answer in answers)
    everything += "\n".join(client.service.logs())
    for name in SECRETS.keys() & client.service.settings.keys():
        secret = client.service.settings[name]
        assert secret not in everything
        password = urlsplit(secret).password if "://" in secret else None
        assert password is None or f":{password}@" not in everything


def sweep(client: Client, ada: Person | None = None) -> list[httpx.Response]:
    """Every route, once as nobody and once as `ada`, who deletes nothing."""
    body = {"email": "ada@example.com", "password": PASSWORD}
    answers = [client.get(path) for path in ("/docs", "/openapi.json", "/ready", "/nowhere")]
    for path, operations in answers[1].json()["paths"].items():
        for method in operations:
            more: dict[str, Any] = {} if method in ("get", "delete") else {"json": body}
            real = re.sub(r"\{\w+}", ada.id if ada else str(UUID(int=0)), path)
            answers.append(client.send(method.upper(), real, **more))
            if ada and method != "delete":
                answers.append(client.send(method.upper(), real, by=ada, **more))
    return answers
