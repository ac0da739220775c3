"""At least one row in every table, whatever tables there are, so that migrations meet data."""

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from reference_app.running.database import Database

Connection = psycopg.Connection[dict[str, Any]]

PLAIN = {
    "uuid": "gen_random_uuid()",
    "timestamp with time zone": "now()",
    "bytea": "'\\x00'",
    "boolean": "false",
    "jsonb": "'{}'",
    "json": "'{}'",
    "ARRAY": "'{}'",
}
"""A value of each type; of all others '1' is one."""

COLUMNS = """
    SELECT column_name AS name, data_type AS type, (
        SELECT format('(SELECT %%I FROM %%s LIMIT 1)', f.attname, confrelid::regclass)
          FROM pg_constraint JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
          JOIN pg_attribute f ON f.attrelid = confrelid AND f.attnum = confkey[1]
         WHERE contype = 'f' AND conrelid = format('%%I', table_name)::regclass
           AND a.attname = column_name LIMIT 1) AS foreign_value
      FROM information_schema.columns
     WHERE table_name = %s AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'
"""
EMPTY = """
    SELECT relname AS name FROM pg_class WHERE relkind = 'r'
       AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version' ORDER BY oid
"""


def fill(database: Database) -> None:
    """Insert a row into each table that has none, tables in the order in which they were made.

    A CHECK that refuses the made-up row fails the test that wanted it: then it belongs in `PLAIN`.
    """
    with database.connect() as connection:
        for table in _without_rows(connection):
            columns = connection.execute(COLUMNS, [table]).fetchall()
            values = [
                column["foreign_value"] or PLAIN.get(column["type"], "'1'") for column in columns
            ]
            connection.execute(
                sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(sql.Identifier(column["name"]) for column in columns),
                    sql.SQL(", ").join(sql.SQL(value) for value in values),
                )
            )


def rows_of(database: Database) -> dict[str, list[str]]:
    """All rows of all tables, as text."""
    with database.connect() as connection:
        names = [row["name"] for row in connection.execute(EMPTY)]
        return {
            name: [
                row["line"]
                for row in connection.execute(
                    sql.SQL("SELECT t::text AS line FROM {} t ORDER BY 1").format(
                        sql.Identifier(name)
                    )
                )
            ]
            for name in names
        }


def _without_rows(connection: Connection) -> Iterator[str]:
    for row in connection.execute(EMPTY).fetchall():
        some = sql.SQL("SELECT FROM {} LIMIT 1").format(sql.Identifier(row["name"]))
        if connection.execute(some).rowcount == 0:
            yield row["name"]
