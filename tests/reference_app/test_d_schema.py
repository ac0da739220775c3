"""D1 to D4: what the catalogue says of every table, and bad rows that are refused one by one."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from reference_app.running import Service
from tests.reference_app.client import rows

Connection = psycopg.Connection[dict[str, Any]]

PEOPLE = """
    INSERT INTO users (email, password_hash, full_name, created_at)
    SELECT n || '@example.com', 'x', 'Ada ' || n, now() - n * interval '1 s'
    FROM generate_series(1, %s) n
"""
ORDER = "INSERT INTO orders (user_id, total_amount) SELECT id, 1 FROM users LIMIT 1"
ITEM = """
    INSERT INTO order_items (order_id, position, product_name, quantity, unit_price)
    SELECT id, 0, 'x', 1, 1 FROM orders LIMIT 1
"""


@pytest.fixture
def database(running_service: Service) -> Iterator[Connection]:
    running_service.reset()
    with running_service.database.connect() as connection:
        rows(connection, PEOPLE, 2)
        rows(connection, ORDER)
        rows(connection, ITEM)
        yield connection


@pytest.mark.spec("D2")
@pytest.mark.spec("D4")
def test_no_moment_lacks_its_zone_and_no_number_is_a_fraction(database: Connection) -> None:
    columns = (
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_name IN (SELECT tablename FROM pg_tables WHERE tableowner = 'app')"
    )
    assert len(rows(database, columns)) > 20
    wrong = "'timestamp without time zone', 'real', 'double precision'"
    assert rows(database, f"{columns} AND data_type IN ({wrong})") == []


@pytest.mark.spec("D2")
def test_status_and_moments_are_never_unknown(database: Connection) -> None:
    unknown = rows(
        database,
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND is_nullable = 'YES'"
        " AND column_name IN ('status', 'role', 'email', 'created_at', 'updated_at')",
    )
    assert unknown == []


def keys_of_indexes(database: Connection) -> list[dict[str, Any]]:
    """Each index: its table, columns and expressions in order, condition, and whether unique."""
    return rows(
        database,
        "SELECT indexrelid::regclass::text AS name, indrelid::regclass::text AS of, indisunique,"
        " pg_get_expr(indpred, indrelid) AS condition, ARRAY(SELECT"
        "  pg_get_indexdef(indexrelid, k, false) FROM generate_series(1, indnatts) k) AS keys"
        " FROM pg_index JOIN pg_class c ON c.oid = indrelid"
        " WHERE relnamespace = 'public'::regnamespace",
    )


def redundant(database: Connection) -> set[str]:
    """Indexes whose work another one does."""
    indexes = keys_of_indexes(database)
    return {
        narrow["name"]
        for narrow in indexes
        for wide in indexes
        if narrow["name"] != wide["name"]
        and (narrow["of"], narrow["condition"]) == (wide["of"], wide["condition"])
        and narrow["keys"] == wide["keys"][: len(narrow["keys"])]
        and (not narrow["indisunique"] or narrow["keys"] == wide["keys"])
    }


@pytest.mark.spec("D2")
def test_no_index_does_what_another_one_does(database: Connection) -> None:
    assert redundant(database) == set()
    rows(database, "BEGIN")
    rows(database, "CREATE INDEX again ON orders (user_id)")
    assert redundant(database) == {"again"}
    rows(database, "ROLLBACK")


@pytest.mark.spec("D3")
def test_the_list_by_name_uses_its_index(database: Connection) -> None:
    rows(database, PEOPLE.replace("n || '@", "n || 'more@"), 5000)
    rows(database, "ANALYZE users")
    plan = rows(
        database,
        "EXPLAIN SELECT * FROM users WHERE deleted_at IS NULL ORDER BY sort_name, id LIMIT 20",
    )
    assert "ix_users_sort_name" in str(plan)


@pytest.mark.spec("D1")
@pytest.mark.spec("D4")
@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE users SET status = NULL", errors.NotNullViolation),
        ("UPDATE users SET created_at = NULL", errors.NotNullViolation),
        ("UPDATE users SET email = repeat('x', 256)", errors.StringDataRightTruncation),
        ("UPDATE users SET email = '1@EXAMPLE.com'", errors.UniqueViolation),
        ("UPDATE orders SET user_id = gen_random_uuid()", errors.ForeignKeyViolation),
        ("UPDATE orders SET status = 'lost'", errors.CheckViolation),
        ("UPDATE orders SET total_amount = -0.01", errors.CheckViolation),
        ("UPDATE orders SET total_amount = 1e10", errors.NumericValueOutOfRange),
        ("UPDATE order_items SET quantity = 0", errors.CheckViolation),
        ("UPDATE order_items SET unit_price = -1", errors.CheckViolation),
        ("UPDATE order_items SET order_id = gen_random_uuid()", errors.ForeignKeyViolation),
        (ITEM, errors.UniqueViolation),
        ("DELETE FROM users", errors.RestrictViolation),
    ],
)
def test_a_bad_row_is_refused(
    database: Connection, statement: str, refusal: type[psycopg.Error]
) -> None:
    with pytest.raises(refusal):
        rows(database, statement)


@pytest.mark.spec("D2")
def test_an_order_knows_when_it_was_changed(database: Connection) -> None:
    [before] = rows(database, "SELECT updated_at FROM orders")
    [after] = rows(database, "UPDATE orders SET status = 'paid' RETURNING updated_at")
    assert after["updated_at"] > before["updated_at"]
