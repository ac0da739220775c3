"""What a database consists of, one line for each thing, as PostgreSQL itself describes it."""

from reference_app.running.database import Database

TABLES = """
    SELECT format('column %s.%s %s%s%s', relname, attname, format_type(atttypid, atttypmod),
                  CASE WHEN attnotnull THEN ' not null' END,
                  ' default ' || pg_get_expr(adbin, adrelid)) AS line
      FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
      LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE relkind = 'r' AND attnum > 0 AND NOT attisdropped AND relnamespace = {schema}
    UNION ALL
    SELECT format('constraint %s %s', conname, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE connamespace = {schema} AND contype <> 'n'
    UNION ALL
    SELECT format('index %s%s', pg_get_indexdef(indexrelid),
                  CASE WHEN NOT indisvalid THEN ' invalid' END)
      FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE relnamespace = {schema}
"""
CODE = """
    SELECT 'trigger ' || pg_get_triggerdef(t.oid) AS line
      FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
     WHERE NOT tgisinternal AND relnamespace = {schema}
    UNION ALL
    SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc
     WHERE pronamespace = {schema} AND prokind = 'f' AND NOT EXISTS (
           SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    UNION ALL
    SELECT 'type ' || typname FROM pg_type
     WHERE typnamespace = {schema} AND (typtype IN ('e', 'd') OR typtype = 'c' AND EXISTS (
           SELECT FROM pg_class WHERE oid = typrelid AND relkind = 'c'))
    UNION ALL
    SELECT 'sequence ' || relname FROM pg_class WHERE relkind = 'S' AND relnamespace = {schema}
    UNION ALL
    SELECT 'extension ' || extname FROM pg_extension WHERE extname NOT IN
           ('plpgsql', 'pg_stat_statements')
"""


def lines(database: Database, query: str) -> set[str]:
    with database.connect() as connection:
        found = connection.execute(query.format(schema="'public'::regnamespace").encode())
        return {row["line"] for row in found if "alembic_version" not in row["line"]}


def tables(database: Database) -> set[str]:
    """Columns, constraints and indexes."""
    return lines(database, TABLES)


def catalog(database: Database) -> set[str]:
    """Those, and everything else that a migration can leave behind."""
    return tables(database) | lines(database, CODE)
