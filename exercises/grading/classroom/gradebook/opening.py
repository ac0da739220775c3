"""A gradebook opened: known to be one, and brought up to date before anything is read."""

from __future__ import annotations

from pathlib import Path
from sqlite3 import Connection as Driver
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, inspect, text

from exercises.grading.classroom.gradebook.errors import NoGradebook, NotAGradebook
from exercises.grading.classroom.gradebook.schema import APPLICATION_ID, REVISION

WAIT_SECONDS = 60.0
"""How long a statement waits for another process that writes."""

HEADER_BYTES = 100
MAGIC = b"SQLite format 3\0"
ID_IN_HEADER = slice(68, 72)  # https://www.sqlite.org/fileformat.html, “The Database Header”


def open_engine(file: Path, *, new: bool) -> Engine:
    """Connections to a gradebook that is up to date; each is closed after use.

    Args:
        file: where it is.
        new: whether it is made where there is none yet.

    Raises:
        NoGradebook: there is none, and it is not to be made.
        NotAGradebook: the file is something else, or newer than this kit; it is left as it is.
    """
    empty = not file.exists() or file.stat().st_size == 0
    if empty and not new:
        raise NoGradebook(f"There is no gradebook {file}. `dojo grade` makes one.")
    if not empty:
        _refuse_foreign(file)
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        poolclass=NullPool,
        connect_args={"timeout": WAIT_SECONDS},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    _bring_up_to_date(engine, file)
    return engine


def writing(engine: Engine) -> Engine:
    """The same file; its transactions take the write lock when they begin."""
    return engine.execution_options(begin="BEGIN IMMEDIATE")


def _refuse_foreign(file: Path) -> None:
    if not file.is_file():
        raise NotAGradebook(f"{file} is not a file. Name another folder with --out.")
    with file.open("rb") as content:
        header = content.read(HEADER_BYTES)
    known = int.from_bytes(header[ID_IN_HEADER], "big") == APPLICATION_ID
    if not (header.startswith(MAGIC) and known):
        raise NotAGradebook(
            f"{file} is no gradebook: another program made it. It was not touched. "
            "Move it away, or name another folder with --out."
        )


def _prepare(driver: Driver, _record: Any) -> None:
    """Leaves transactions to SQLAlchemy, and has each reach the disk before it counts as done."""
    driver.isolation_level = None
    driver.execute("PRAGMA synchronous = FULL")
    driver.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _bring_up_to_date(engine: Engine, file: Path) -> None:
    with engine.connect() as connection:
        before = _revision(connection)
    if before > REVISION:
        raise NotAGradebook(
            f"{file} was written by a newer version of this kit (revision {before}; this one knows "
            f"{REVISION}). It was not touched. Update the kit."
        )
    if before < REVISION:
        with writing(engine).begin() as connection:
            _migrate(connection)
    # Readers and the one writer do not wait for each other. The file remembers it.
    with engine.execution_options(isolation_level="AUTOCOMMIT", begin="").connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def _revision(connection: Connection) -> str:
    """The newest migration that the file has; "" for a file in the making."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


def _migrate(connection: Connection) -> None:
    from alembic import command  # nearly a second to import, and rarely needed
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    command.upgrade(config, "head")
