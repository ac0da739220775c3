"""The file of a gradebook: whole after every kill, known by its header, never taken for another."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from exercises.grading.classroom.gradebook import By, Gradebook, NoGradebook, NotAGradebook, schema
from exercises.grading.places import ROOT
from tests.grading.classroom.made_up import entry, verdict

BY = By("suite 1", "embedded")
KILLS = 8


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gradebook.sqlite3"


def test_a_gradebook_is_made_only_when_asked_for(file: Path) -> None:
    with pytest.raises(NoGradebook, match="dojo grade"):
        Gradebook(file)
    assert not file.exists()
    Gradebook(file, new=True)
    assert list(Gradebook(file).marks()) == []


def test_the_migrations_make_the_tables_that_the_code_knows(file: Path) -> None:
    Gradebook(file, new=True)
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), schema.metadata)
    engine.dispose()
    assert differences == []
    config = Config()
    migrations = Path(schema.__file__).parent / "migrations"
    config.set_main_option("script_location", str(migrations))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.REVISION


def another_programs(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE recipes (name TEXT)")


def no_database(file: Path) -> None:
    file.write_bytes(b"learner,points\nada,100\n" * 20)


def a_newer_kits(file: Path) -> None:
    Gradebook(file, new=True).record(entry(), verdict(40), BY)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9000'")


@pytest.mark.parametrize("make", [another_programs, no_database, a_newer_kits])
def test_a_foreign_or_newer_file_is_refused_and_left_as_it_is(
    file: Path, make: Callable[[Path], None]
) -> None:
    make(file)
    before = file.read_bytes()
    for new in (True, False):
        with pytest.raises(NotAGradebook, match="not touched"):
            Gradebook(file, new=new)
    assert file.read_bytes() == before


def test_killed_at_any_moment_it_holds_what_was_recorded_and_nothing_half(file: Path) -> None:
    """The writer says each number once it is recorded, and is killed right after one of them."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from exercises.grading.classroom.gradebook import By, Gradebook\n"
        "from tests.grading.classroom.made_up import entry, verdict\n"
        "gradebook = Gradebook(Path(sys.argv[1]), new=True)\n"
        "number = int(sys.argv[2])\n"
        "while True:\n"
        "    done = entry(content=f'try {number}')\n"
        "    gradebook.record(done, verdict(number % 100), By('suite 1', 'embedded'))\n"
        "    print(number, flush=True)\n"
        "    number += 1\n"
    )
    number = 0
    for kill in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(file), str(number)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                if int(line) >= number + kill:
                    writer.send_signal(signal.SIGKILL)
                    last = int(line)
            # What it said between the kill and its end counts as well.
        with closing(sqlite3.connect(file)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        [mark] = Gradebook(file).marks()
        assert mark.attempt in (last + 1, last + 2)
        assert mark.verdict.score == (mark.attempt - 1) % 100
        number = mark.attempt
