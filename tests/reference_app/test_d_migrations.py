"""D5: the schema changes through migrations alone, forth and back, and the models agree."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

import reference_app
from reference_app.reliability.health import newest_revision
from reference_app.running import Backend
from reference_app.running.database import Database

ALEMBIC_INI = Path(reference_app.__file__).with_name("alembic.ini")


@pytest.fixture
def database(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    database = backend.database()
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1")
    monkeypatch.setenv("SECRET_KEY", "a key for the tests of migrations")
    yield database
    database.drop()


def things(database: Database) -> set[str]:
    with database.connect() as connection:
        found = connection.execute(
            "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND proowner <> 10"
        )
        return {row["name"] for row in found if not row["name"].startswith("pg_stat_statements")}


@pytest.mark.spec("D5")
def test_each_step_goes_back_and_forth_on_filled_tables(database: Database) -> None:
    config = Config(ALEMBIC_INI)
    whole = things(database)
    with database.connect() as connection:
        connection.execute(
            "WITH u AS (INSERT INTO users (email, password_hash, full_name)"
            " VALUES ('a@example.com', 'x', 'x') RETURNING id)"
            " INSERT INTO orders (user_id, total_amount) SELECT id, 1 FROM u"
        )
    command.downgrade(config, "base")
    assert things(database) == {"alembic_version", "alembic_version_pkc"}
    command.upgrade(config, "head")
    assert things(database) == whole


@pytest.mark.spec("D5")
@pytest.mark.usefixtures("database")
def test_models_and_migrations_describe_the_same_schema() -> None:
    assert newest_revision() is not None
    command.check(Config(ALEMBIC_INI, stdout=io.StringIO()))


@pytest.mark.spec("D5")
def test_the_sql_of_an_upgrade_can_be_read_beforehand() -> None:
    script = io.StringIO()
    command.upgrade(Config(ALEMBIC_INI, output_buffer=script), "head", sql=True)
    assert "CREATE TABLE order_items" in script.getvalue()
