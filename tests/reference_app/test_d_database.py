"""D: the schema refuses bad rows, queries are few, connections come back."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg import errors

from reference_app.running import Backend, Service
from tests.reference_app.client import Client, rows
from tests.reference_app.conftest import SETTINGS

Connection = psycopg.Connection[dict[str, Any]]
USER = "INSERT INTO users (email, password_hash, full_name) VALUES (%s, 'x', 'Ada') RETURNING *"


@pytest.fixture
def database(running_service: Service) -> Iterator[Connection]:
    running_service.reset()
    with running_service.database.connect() as connection:
        yield connection


@pytest.mark.spec("D1")
def test_users_have_the_columns_that_were_promised(database: Connection) -> None:
    columns = {
        row["column_name"]: (row["data_type"], row["character_maximum_length"], row["is_nullable"])
        for row in rows(
            database, "SELECT * FROM information_schema.columns WHERE table_name = 'users'"
        )
    }
    assert columns == {
        "id": ("uuid", None, "NO"),
        "email": ("character varying", 255, "NO"),
        "password_hash": ("character varying", 255, "NO"),
        "full_name": ("character varying", 100, "NO"),
        "status": ("character varying", 20, "NO"),
        "role": ("text", None, "NO"),
        "created_at": ("timestamp with time zone", None, "NO"),
        "updated_at": ("timestamp with time zone", None, "NO"),
        "deleted_at": ("timestamp with time zone", None, "YES"),
        "sort_name": ("text", None, "NO"),
    }
    [made] = rows(database, USER, "a@example.com")
    assert (made["status"], made["role"], made["deleted_at"]) == ("active", "user", None)


@pytest.mark.spec("D1")
@pytest.mark.parametrize("column", ["status", "role"])
def test_a_misspelt_status_or_role_is_refused(database: Connection, column: str) -> None:
    rows(database, USER, "a@example.com")
    with pytest.raises(errors.CheckViolation):
        rows(database, f"UPDATE users SET {column} = 'actve'")


@pytest.mark.spec("D2")
def test_an_address_is_taken_in_any_case_until_its_user_is_deleted(database: Connection) -> None:
    rows(database, USER, "ada@example.com")
    with pytest.raises(errors.UniqueViolation):
        rows(database, USER, "Ada@Example.com")
    rows(database, "UPDATE users SET deleted_at = now()")
    rows(database, USER, "Ada@Example.com")


@pytest.mark.spec("D2")
def test_updated_at_moves_with_every_change(database: Connection) -> None:
    [before] = rows(database, USER, "ada@example.com")
    [after] = rows(database, "UPDATE users SET full_name = 'A', updated_at = now() RETURNING *")
    assert after["updated_at"] > before["updated_at"]
    assert after["created_at"] == before["created_at"]


@pytest.mark.spec("D3")
def test_the_lists_use_their_indexes(database: Connection) -> None:
    rows(
        database,
        "INSERT INTO users (email, password_hash, full_name, status, created_at)"
        " SELECT n || '@example.com', 'x', 'x', CASE n % 50 WHEN 0 THEN 'inactive' ELSE 'active'"
        " END, now() - n * interval '1 s' FROM generate_series(1, 5000) n",
    )
    owners = "app"  # the owner's password is its name, here
    with psycopg.connect(database.info.dsn, password=owners, autocommit=True) as owner:
        owner.execute("ANALYZE users")
    for query, index in (
        ("WHERE status = 'inactive' AND deleted_at IS NULL", "ix_users_status"),
        ("WHERE deleted_at IS NULL ORDER BY created_at DESC, id LIMIT 20", "ix_users_created_at"),
        ("WHERE lower(email) = '7@example.com' AND deleted_at IS NULL", "uq_users_email"),
    ):
        assert index in str(rows(database, f"EXPLAIN SELECT * FROM users {query}"))


@pytest.mark.spec("D4")
def test_every_foreign_key_leads_an_index_and_money_is_exact(database: Connection) -> None:
    naked = rows(
        database,
        "SELECT conname FROM pg_constraint c WHERE contype = 'f' AND NOT EXISTS ("
        " SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])",
    )
    assert naked == []
    money = rows(
        database,
        "SELECT DISTINCT data_type, numeric_precision, numeric_scale FROM"
        " information_schema.columns WHERE column_name IN ('total_amount', 'unit_price')",
    )
    assert money == [{"data_type": "numeric", "numeric_precision": 12, "numeric_scale": 2}]


@pytest.mark.spec("D6")
def test_a_list_of_orders_costs_the_same_statements_whatever_its_size(client: Client) -> None:
    ada = client.person()
    for _ in range(12):
        client.order(ada)
    costs = []
    for limit in (1, 4, 12):
        before = client.statements()
        page = client.get(f"{ada.path}/orders?limit={limit}", by=ada).json()["data"]
        assert len(page) == limit
        costs.append(client.statements() - before)
    assert costs == [4, 4, 4]


@pytest.mark.spec("D7")
def test_an_exhausted_pool_is_a_quick_503_and_every_connection_comes_back(client: Client) -> None:
    ada = client.person()
    with client.service.database.connect(superuser=True) as blocker:
        blocker.execute("BEGIN")
        blocker.execute("LOCK TABLE orders")
        started = time.monotonic()
        answers = client.at_once(12, "GET", f"{ada.path}/orders", by=ada)
        assert time.monotonic() - started < 5
        assert {answer.status_code for answer in answers} == {503}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers)
        blocker.execute("ROLLBACK")
    assert client.get(f"{ada.path}/orders", by=ada).status_code == 200
    held = "SELECT FROM pg_stat_activity WHERE application_name = 'reference_app' AND state"
    assert client.sql(f"{held} <> 'idle' AND datname = current_database()") == []
    used = "application_name = 'reference_app' AND datname = current_database()"
    assert len(client.sql(f"SELECT FROM pg_stat_activity WHERE {used}")) <= 5


@pytest.mark.spec("D7")
@pytest.mark.parametrize("how", ["restart", "pause"])
def test_a_database_that_goes_away_is_503_and_comes_back_by_itself(
    backend: Backend, client: Client, how: str
) -> None:
    ada = client.person()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: client.get(f"{ada.path}/orders", by=ada), range(8)))
    if how == "pause":
        backend.postgres.pause()
        try:
            assert client.get(f"{ada.path}/orders", by=ada).status_code == 503
            assert client.get("/health").status_code == 200
        finally:
            backend.postgres.resume()
    else:
        backend.postgres.kill()
        assert client.get(f"{ada.path}/orders", by=ada).status_code == 503
        backend.postgres.start()
    assert client.get(f"{ada.path}/orders", by=ada).status_code == 200


@pytest.mark.spec("D8")
@pytest.mark.parametrize("text", ["' OR 1=1 --", "x'); DROP TABLE users; --", "%", "\\"])
def test_sql_in_a_value_is_just_text(client: Client, text: str) -> None:
    ada = client.person()
    assert client.patch(ada.path, by=ada, json={"full_name": text}).status_code == 200
    assert client.get(ada.path, by=ada).json()["data"]["full_name"] == text
    assert client.log_in(text, text).status_code in (400, 401)


@pytest.mark.spec("D7")
def test_nothing_is_left_of_a_request_that_fails_halfway(backend: Backend) -> None:
    with backend.service(settings=SETTINGS) as service:
        client = Client(service)
        ada = client.person()
        client.sql("ALTER TABLE order_items ADD CONSTRAINT never CHECK (quantity > 1000) NOT VALID")
        body = {"items": [{"product_name": "x", "quantity": 1, "unit_price": "1.00"}]}
        assert client.post(f"{ada.path}/orders", by=ada, json=body).status_code == 422
        assert client.sql("SELECT FROM orders") == []
        client.close()
