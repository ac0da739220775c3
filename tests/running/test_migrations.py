"""A database can be made, and changed, by migrations with modules replaced; on both back ends."""

from pathlib import Path

import httpx
import psycopg
import pytest

from reference_app.data import schema
from reference_app.running import Backend, MigrationFailed
from reference_app.running.database import Database

REPLACED = "reference_app.data.schema"


@pytest.fixture
def learner_file(tmp_path: Path) -> Path:
    """Another first migration: its status is longer."""
    file = tmp_path / "schema.py"
    file.write_text(Path(schema.__file__).read_text().replace("varchar(20)", "varchar(40)"))
    return file


def tables(database: Database) -> set[str]:
    with database.connect() as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE tableowner = 'app'")
        return {row["tablename"] for row in found}


def length_of_status(database: Database) -> int:
    with database.connect() as connection:
        row = connection.execute(
            "SELECT character_maximum_length AS length FROM information_schema.columns"
            " WHERE table_name = 'users' AND column_name = 'status'"
        ).fetchone()
    assert row is not None
    return int(row["length"])


def test_a_database_goes_as_far_as_was_asked(backend: Backend) -> None:
    empty, first, whole = backend.database("base"), backend.database("0001"), backend.database()
    assert tables(empty) == set()
    assert tables(first) == {"alembic_version", "users", "orders", "order_items"}
    assert tables(first) < tables(whole)
    with backend.command("migrate", "--down", "base", database=first) as down:
        assert down.wait() == 0
    assert tables(first) == {"alembic_version"}
    for database in (empty, first, whole):
        database.reset()
        database.drop()


def test_a_file_takes_the_place_of_a_migration(backend: Backend, learner_file: Path) -> None:
    database = backend.database(replace={REPLACED: learner_file})
    assert length_of_status(database) == 40
    with backend.service(database=database) as service:
        assert httpx.get(f"{service.url}/ready", timeout=10).status_code == 200
        service.reset()
    database.drop()
    with backend.service(start=False) as service:
        assert length_of_status(service.database) == 20


def test_a_migration_that_fails_says_why(backend: Backend, learner_file: Path) -> None:
    learner_file.write_text(learner_file.read_text().replace("uuid ", "uid "))
    with pytest.raises(MigrationFailed, match="exit status 1") as told:
        backend.database("0001", replace={REPLACED: learner_file})
    assert told.value.exit_code == 1
    assert 'type "uid" does not exist' in str(told.value)
    assert f'File "{learner_file}", line ' in str(told.value)


def test_a_command_can_be_killed_halfway_and_run_again(
    backend: Backend, learner_file: Path
) -> None:
    learner_file.write_text(
        learner_file.read_text().replace(
            "def upgrade() -> None:\n",
            "def upgrade() -> None:\n    print('begun')\n"
            "    op.execute('SELECT pg_advisory_xact_lock(1)')\n",
        )
    )
    database = backend.database("base")
    with database.connect() as gate:
        gate.execute("SELECT pg_advisory_lock(1)")
        command = backend.command(
            "migrate", "0001", database=database, replace={REPLACED: learner_file}
        )
        while "begun" not in "".join(command.logs()):
            assert command.running, command.logs()
        command.kill()
        assert command.exit_code == -9
        assert tables(database) == set()
        gate.execute("SELECT pg_advisory_unlock(1)")
        command.start()
        assert command.wait() == 0
        assert "".join(command.logs()).count("begun") == 2
        command.close()
        command.close()
    assert "users" in tables(database)
    database.drop()
    with pytest.raises(psycopg.OperationalError):
        database.connect()
