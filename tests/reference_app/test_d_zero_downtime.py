"""D5: `users.sort_name` arrives while the service is in use, and nobody notices but the list."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

import reference_app
from reference_app.data import sort_names
from reference_app.running import Backend
from reference_app.running.database import Database
from tests.reference_app.catalog import catalog
from tests.reference_app.client import Client
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.held_locks import Locks
from tests.reference_app.traffic import traffic, wait_until

USERS = 50_000
FEWER_USERS = 10_000
FEW_USERS = 10
HELD_SECONDS = 0.5

FILL = """
    INSERT INTO users (email, password_hash, full_name, created_at, updated_at)
    SELECT n || '@example.com', 'x', 'Ada Number' || n, '2026-01-01', '2026-01-01'
    FROM generate_series(1, %s) n
"""
WRONG = "SELECT FROM users WHERE sort_name IS DISTINCT FROM sort_name_of(full_name)"
WAITS_FOR_A_ROW = """
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ 'SET sort_name ='
"""
EXPANDED = "SELECT FROM pg_trigger WHERE tgname = 'users_sort_name'"
FILLED = "SELECT FROM users WHERE to_jsonb(users) ->> 'sort_name' IS NOT NULL"
MOVED = "SELECT FROM users WHERE password_hash = 'x' AND updated_at <> '2026-01-01'"
NOT_STOPPING_ANYBODY = ("AccessShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock")


def revision() -> tuple[str, str]:
    """The migration's own, and the one before it."""
    config = Config(Path(reference_app.__file__).with_name("alembic.ini"))
    for script in ScriptDirectory.from_config(config).walk_revisions():
        if script.module.upgrade is sort_names.upgrade:
            return script.revision, str(script.down_revision)
    raise AssertionError("no migration uses sort_names")


@pytest.fixture
def database(backend: Backend, tmp_path: Path) -> Iterator[Database]:
    """All that there is today except for the sort names, which are the next migration to run."""
    nothing = tmp_path / "sort_names.py"
    nothing.write_text("def upgrade() -> None: ...\ndef downgrade() -> None: ...\n")
    database = backend.database(replace={sort_names.__name__: nothing})
    with database.connect() as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", [revision()[1]])
    yield database
    database.drop()


@pytest.fixture
def client(backend: Backend, database: Database) -> Iterator[Client]:
    unlimited = SETTINGS | {"RATE_LIMIT_READ": "100000/minute"}
    with backend.service(settings=unlimited, database=database) as service:
        client = Client(service)
        yield client
        client.close()


def fill(database: Database, users: int) -> None:
    with database.connect() as connection:
        connection.execute(FILL, [users])


def count(database: Database, query: str) -> int:
    with database.connect() as connection:
        return connection.execute(query.encode()).rowcount


@pytest.mark.spec("D5")
def test_reads_and_writes_go_on_while_a_large_table_gets_a_column(
    backend: Backend, client: Client, database: Database
) -> None:
    fill(database, USERS)
    ada, admin = client.person(), client.person("admin")
    names, numbers = itertools.count(), itertools.count(1)
    old_version, watcher = database.connect(), database.connect(superuser=True)
    locks = Locks(watcher)

    def answered(method: str, path: str, **more: object) -> None:
        answer = client.send(method, path, by=admin, **more)
        assert answer.status_code == 200, answer.text

    def write_as_the_old_version() -> None:
        n = next(numbers)
        old_version.execute(
            "UPDATE users SET full_name = %s WHERE email = %s",
            [f"Grace Renamed{n}", f"{n * 97 % USERS + 1}@example.com"],
        )
        old_version.execute(
            "INSERT INTO users (email, password_hash, full_name) VALUES (%s, 'new', 'New One')",
            [f"new{n}@example.com"],
        )

    with (
        old_version,
        watcher,
        traffic(
            lambda: answered("GET", ada.path),
            lambda: answered("GET", "/api/v1/users?limit=10"),
            lambda: answered("PATCH", admin.path, json={"full_name": f"Radia P{next(names)}"}),
            write_as_the_old_version,
            locks.look,
        ) as seen,
    ):
        began = time.monotonic()
        with backend.command("migrate", revision()[0], database=database) as migration:
            assert migration.wait() == 0, migration.logs()
        took = time.monotonic() - began
    assert seen.failures == []
    assert len(seen.waits) > 100
    assert max(seen.waits) < took / 3
    assert "ShareUpdateExclusiveLock" in locks.longest
    stopping = {m: s for m, s in locks.longest.items() if m not in NOT_STOPPING_ANYBODY}
    assert max(stopping.values(), default=0.0) < took / 5, stopping
    assert count(database, WRONG) == 0
    assert next(numbers) > 10
    [last] = client.get("/api/v1/users?sort=-full_name&limit=1", by=admin).json()["data"]
    assert last["full_name"].startswith("Grace Renamed")


@pytest.mark.spec("D5")
def test_a_migration_that_was_killed_halfway_is_finished_by_the_next(
    backend: Backend, client: Client, database: Database
) -> None:
    fill(database, 2 * FEWER_USERS)
    own, before = revision()
    whole = catalog(database)
    run = backend.command("migrate", own, database=database)
    wait_until(
        lambda: (
            "sort_name" in str(catalog(database))
            and count(database, "SELECT FROM users WHERE sort_name IS NOT NULL") > FEWER_USERS / 4
        )
    )
    run.kill()
    assert count(database, "SELECT FROM users WHERE sort_name IS NULL") > FEWER_USERS / 4
    assert client.register("halfway@example.com").status_code == 201
    with database.connect(superuser=True) as connection:
        for kind in ("NOT NULL", "NULL"):
            one = f"SELECT id FROM users WHERE sort_name IS {kind} LIMIT 1"
            change = f"UPDATE users SET full_name = 'Anna Schmidt' WHERE id = ({one})"
            connection.execute(change.encode())
        connection.execute(
            "CREATE TABLE filled AS SELECT id, users.ctid AS place FROM users"
            " WHERE sort_name IS NOT NULL"
        )
        connection.execute("CREATE INDEX ix_users_sort_name ON users (full_name)")
        connection.execute(
            "UPDATE pg_index SET indisvalid = false"
            " WHERE indexrelid = 'ix_users_sort_name'::regclass"
        )
    run.start()
    assert run.wait() == 0, run.logs()
    run.close()
    assert count(database, WRONG) == 0
    assert count(database, "SELECT FROM users WHERE sort_name = 'schmidt, anna'") == 2
    assert count(database, f"{MOVED} AND full_name <> 'Anna Schmidt'") == 0
    with database.connect(superuser=True) as connection:
        again = "SELECT FROM filled JOIN users USING (id) WHERE place <> users.ctid"
        assert connection.execute(again).rowcount == 0
        connection.execute("DROP TABLE filled")
    head = backend.database()
    assert catalog(database) == catalog(head)
    head.drop()
    with backend.command("migrate", "--down", before, database=database) as down:
        assert down.wait() == 0, down.logs()
    assert catalog(database) == whole
    assert client.register("after@example.com").status_code == 201


@pytest.mark.spec("D5")
def test_a_long_transaction_keeps_the_migration_waiting_and_nobody_else(
    backend: Backend, client: Client, database: Database
) -> None:
    ada = client.person()
    with database.connect() as report, traffic(lambda: client.get(ada.path, by=ada)) as seen:
        report.execute("BEGIN")
        report.execute("SELECT FROM users LIMIT 1")
        with backend.command("migrate", revision()[0], database=database) as migration:
            wait_until(lambda: "".join(migration.logs()).count("lock timeout") >= 3)
            held = len(seen.waits)
            assert max(seen.waits) < 1.0
            report.execute("COMMIT")
            assert migration.wait() == 0, migration.logs()
    assert held > 10
    assert seen.failures == []


@pytest.mark.spec("D5")
def test_rows_that_others_hold_again_and_again_do_not_end_the_backfill(
    backend: Backend, database: Database
) -> None:
    fill(database, FEW_USERS)
    with database.connect() as orders:

        def hold() -> None:
            with orders.transaction():
                if orders.execute(FILLED).rowcount < FEW_USERS:
                    orders.execute("SELECT FROM users FOR SHARE")
                    time.sleep(HELD_SECONDS)

        with (
            traffic(hold) as seen,
            backend.command("migrate", revision()[0], database=database) as migration,
        ):
            assert migration.wait() == 0, migration.logs()
    assert seen.failures == []
    assert count(database, WRONG) == 0


@pytest.mark.spec("D5")
def test_the_backfill_waits_for_a_row_with_no_other_in_its_hands(
    backend: Backend, database: Database
) -> None:
    fill(database, USERS)
    with (
        database.connect() as order,
        database.connect(superuser=True) as server,
        backend.command("migrate", revision()[0], database=database) as migration,
    ):
        wait_until(lambda: order.execute(EXPANDED).rowcount > 0)
        with order.transaction():
            order.execute("SELECT FROM users ORDER BY id DESC LIMIT 1 FOR UPDATE")
            wait_until(lambda: server.execute(WAITS_FOR_A_ROW).rowcount > 0)
            order.execute("SELECT FROM users FOR UPDATE NOWAIT")
        assert migration.wait() == 0, migration.logs()
    assert count(database, WRONG) == 0
