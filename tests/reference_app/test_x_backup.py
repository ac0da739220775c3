"""X3: a backup taken under load comes back on another server, row for row."""

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest

from reference_app.running import Backend, Service, postgres_wheel, start
from reference_app.running.database import Database
from tests.reference_app.client import Client, Person
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.stack import DEPLOY

DIGESTS = """
SELECT format('SELECT %L AS name, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text))'
              ' AS digest FROM public.%I t', relname, relname) AS statement
  FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
# A CHECK comes back in other words with the same meaning: it is known by name and columns here.
CATALOGUE = """
SELECT 'table ' || relname || ' of ' || pg_get_userbyid(relowner) AS thing FROM pg_class
 WHERE relkind IN ('r', 'S', 'v') AND relnamespace = 'public'::regnamespace
   AND relname NOT LIKE 'pg_stat_statements%'
UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, convalidated, conkey,
         CASE contype WHEN 'c' THEN '' ELSE pg_get_constraintdef(oid) END)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT sequencename || ' at ' || coalesce(last_value, 0) FROM pg_sequences
ORDER BY 1
"""


@pytest.fixture(scope="module")
def new_server() -> Iterator[Backend]:
    with start("embedded") as backend:
        yield backend


@pytest.fixture
def empty(new_server: Backend) -> Iterator[Database]:
    """A database on another server that has nothing but its owner."""
    database = new_server.database()
    with database.connect(superuser=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public AUTHORIZATION app")
    yield database
    database.drop()


def run(script: str, database: Database, *arguments: object) -> subprocess.CompletedProcess[str]:
    """An operator's script, as superuser, on a database."""
    programs = Path(postgres_wheel.program("pg_dump")).parent
    of = psycopg.conninfo.conninfo_to_dict(database.superuser_url)
    return subprocess.run(
        [DEPLOY / script, *map(str, arguments)],
        env={
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PGHOST": str(of["host"]),
            "PGPORT": str(of["port"]),
            "PGDATABASE": str(of["dbname"]),
            "PGUSER": str(of["user"]),
            "PGPASSWORD": str(of.get("password", "")),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def rows(connection: psycopg.Connection[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each table: its name, how many rows it has, and a digest of them all."""
    statements = [row["statement"] for row in connection.execute(DIGESTS)]
    found = [connection.execute(one).fetchone() or {} for one in sorted(statements)]
    return sorted(found, key=lambda row: str(row["name"]))


def fill(client: Client) -> Person:
    person = client.person()
    for _ in range(30):
        client.order(person)
    return person


@pytest.mark.spec("X3")
def test_a_backup_taken_under_load_comes_back_row_for_row_on_a_new_server(
    client: Client, running_service: Service, empty: Database, tmp_path: Path
) -> None:
    person = fill(client)
    stop = Event()

    def write() -> int:
        written = 0
        while not stop.is_set():
            client.order(person)
            written += 1
        return written

    source = running_service.database
    with source.connect(superuser=True) as watching, ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        watching.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        [snapshot] = watching.execute("SELECT pg_export_snapshot() AS name").fetchall()
        backed_up = run("backup", source, tmp_path / "b", f"--snapshot={snapshot['name']}")
        at_that_moment, things = rows(watching), watching.execute(CATALOGUE).fetchall()
        stop.set()
        assert writing.result() > 0, "nothing was written meanwhile"
    assert backed_up.returncode == 0, backed_up.stderr

    restored = run("restore", empty, tmp_path / "b")
    assert restored.returncode == 0, restored.stderr
    with empty.connect() as connection:
        assert rows(connection) == at_that_moment
        assert connection.execute(CATALOGUE).fetchall() == things
        [torn] = connection.execute(
            "SELECT count(*) FROM orders o WHERE total_amount <> (SELECT sum(quantity * unit_price)"
            " FROM order_items i WHERE i.order_id = o.id)"
        ).fetchall()
        assert torn == {"count": 0}
    assert sum(row["count"] for row in at_that_moment) > 60


@pytest.mark.spec("X3")
def test_the_service_goes_on_with_what_was_restored(
    client: Client, running_service: Service, new_server: Backend, empty: Database, tmp_path: Path
) -> None:
    person = fill(client)
    assert run("backup", running_service.database, tmp_path / "b").returncode == 0
    assert run("restore", empty, tmp_path / "b").returncode == 0
    with new_server.service(settings=SETTINGS, database=empty) as new:
        again = Client(new)
        assert again.get("/ready").status_code == 200
        assert again.log_in(person.email).status_code == 200
        again.order(person)
        again.close()


@pytest.mark.spec("X3")
def test_nothing_is_restored_over_what_is_there_or_from_a_damaged_file(
    client: Client, running_service: Service, empty: Database, tmp_path: Path
) -> None:
    fill(client)
    source, file = running_service.database, tmp_path / "b"
    assert run("backup", source, file).returncode == 0
    refused = run("restore", source, file)
    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert run("restore", empty, file).returncode != 0
    with empty.connect() as connection:
        assert rows(connection) == []


@pytest.mark.spec("X3")
def test_a_backup_that_fails_leaves_no_file_that_looks_like_one(
    running_service: Service, tmp_path: Path
) -> None:
    failed = run("backup", running_service.database, tmp_path / "b", "--snapshot=none-of-ours")
    assert failed.returncode != 0
    assert list(tmp_path.iterdir()) == []
