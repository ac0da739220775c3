"""X1: configuration from the environment, refused as a whole when it is wrong; and the seed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reference_app.config import ConfigurationError, load_settings
from reference_app.running import Backend

GOOD = {
    "DATABASE_URL": "postgresql://ada:s3cret-database@127.0.0.1:1/dojo",  # pragma: allowlist secret
    "REDIS_URL": "redis://:s3cret-cache@127.0.0.1:1/0",
    "SECRET_KEY": "s3cret-key-of-more-than-thirty-two-bytes",  # pragma: allowlist secret
}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reference_app", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.spec("X1")
def test_every_missing_variable_is_named_at_once() -> None:
    done = run("serve")
    assert done.returncode == 2
    for name in GOOD:
        assert f"{name}: is not set" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.spec("X1")
@pytest.mark.spec("A2")
def test_every_wrong_variable_is_named_at_once_and_no_value_is_shown() -> None:
    wrong = {
        "DATABASE_URL": "mysql://ada:s3cret-database@127.0.0.1/dojo",  # pragma: allowlist secret
        "EXPORT_DATABASE_URL": "mysql://ada:s3cret-exports@h/dojo",  # pragma: allowlist secret
        "REDIS_URL": "http://s3cret-cache",
        "SECRET_KEY": "s3cret-but-short",  # pragma: allowlist secret
        "PORT": "http",
        "ACCESS_TOKEN_SECONDS": "-1",
        "LOG_LEVEL": "loud",
        "LOGIN_ATTEMPTS_PER_ACCOUNT": "often",
        "RATE_LIMIT_READ": "0.5",
        "TRUSTED_PROXIES": "*",
        "CORS_ORIGINS": "https://app.example.com,*",
    }
    done = run("serve", **wrong)
    assert done.returncode == 2
    for name in wrong:
        assert f"  {name}: " in done.stderr
    assert "s3cret" not in done.stderr + done.stdout


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The least that a service needs, and nothing else."""
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.spec("X1")
def test_the_least_is_enough_and_settings_are_read_when_asked_for(
    environment: pytest.MonkeyPatch,
) -> None:
    assert load_settings().port == 8000
    environment.setenv("PORT", "8001")
    assert load_settings().port == 8001


DATABASE = GOOD["DATABASE_URL"]


@pytest.mark.spec("X1")
@pytest.mark.parametrize(
    ("name", "value", "instead"),
    [
        ("RATE_LIMIT_READ", "600/minute;5000/hour", "one rate"),
        ("RATE_LIMIT_READ", "600/minute,5000/hour", "one rate"),
        ("LOGIN_ATTEMPTS_PER_ACCOUNT", "00/minute", "1 or more"),
        ("LOGIN_ATTEMPTS_PER_ACCOUNT", "10/0 minutes", "1 or more"),
        ("DATABASE_URL", f"{DATABASE}?sslmode=require", "ssl=require"),
        ("DATABASE_URL", f"{DATABASE}?ssl=on", "require"),
        ("DATABASE_URL", f"{DATABASE}?ssl=require&ssl=require", "one ssl"),
        ("DATABASE_STATEMENT_TIMEOUT_SECONDS", "0.0005", "0.001"),
    ],
)
def test_a_setting_that_would_do_something_else_is_refused_and_told_what_to_write(
    environment: pytest.MonkeyPatch, name: str, value: str, instead: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(ConfigurationError, match=rf"  {name}: .*{instead}") as told:
        load_settings()
    assert "s3cret" not in str(told.value)


@pytest.mark.spec("X1")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_LIMIT_READ", "1/2 seconds"),
        ("DATABASE_URL", f"{DATABASE}?ssl=verify-full"),
        ("DATABASE_URL", f"{DATABASE}?prepared_statement_cache_size=0"),
        ("DATABASE_URL", "postgresql:///dojo?host=/run/postgresql"),
        ("DATABASE_STATEMENT_TIMEOUT_SECONDS", "0.001"),
    ],
)
def test_a_setting_at_the_edge_of_what_works_is_taken(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    assert load_settings()


@pytest.mark.spec("X1")
def test_nothing_is_read_at_import() -> None:
    modules = "reference_app.__main__, reference_app.application, reference_app.seed"
    done = subprocess.run(
        [sys.executable, "-c", f"import {modules}"],
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.spec("X1")
def test_the_environment_is_all_that_is_read(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PORT=1234\n")
    environment.chdir(tmp_path)
    assert load_settings().port == 8000


@pytest.mark.spec("X1")
@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("ACCES_TOKEN_SECONDS", "ACCESS_TOKEN_SECONDS"),
        ("LOG_LEVL", "LOG_LEVEL"),
        ("MFA_KEY", "MFA_KEYS"),
        ("mfa_keys_flie", "MFA_KEYS_FILE"),
    ],
)
def test_a_misspelt_variable_is_not_ignored(
    environment: pytest.MonkeyPatch, misspelt: str, meant: str
) -> None:
    environment.setenv(misspelt, "s3cret")
    with pytest.raises(ConfigurationError, match=f"{misspelt.upper()}: .*{meant}") as told:
        load_settings()
    assert "s3cret" not in str(told.value)


@pytest.mark.spec("X1")
def test_variables_of_others_are_none_of_its_business(environment: pytest.MonkeyPatch) -> None:
    theirs = ("PATH", "HOSTNAME", "HOSTS", "REDIS_PORT", "REDIS_SERVICE_HOST", "DATABASE_PORT")
    for name in (*theirs, "DATABASE_URL_TEST", "PYTHONUNBUFFERED", "LC_ALL", "KUBERNETES_PORT"):
        environment.setenv(name, "whatever")
    load_settings()


@pytest.mark.spec("X1")
def test_seeding_makes_the_same_data_every_time(backend: Backend) -> None:
    digests = set()
    for _ in range(2):
        database = backend.database()
        settings = GOOD | {"DATABASE_URL": database.url, "PASSWORD_MEMORY_KIB": "1024"}
        done = run("seed", "--users", "20", "--orders", "300", **settings)
        assert done.returncode == 0, done.stderr
        assert "22 users, 300 orders, 600 items" in done.stdout
        with database.connect() as connection:
            [row] = connection.execute(
                "SELECT md5(string_agg(o::text || i::text, '|' ORDER BY o.id, i.id)) AS digest,"
                " bool_and(total_amount = (SELECT sum(quantity * unit_price) FROM order_items"
                " WHERE order_id = o.id)) AS adds_up FROM orders o JOIN order_items i"
                " ON i.order_id = o.id"
            )
        assert row["adds_up"]
        digests.add(row["digest"])
        again = run("seed", **settings)
        assert again.returncode == 1
        database.drop()
    assert len(digests) == 1
