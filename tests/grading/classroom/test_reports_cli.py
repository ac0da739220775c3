"""`dojo feedback`: from a gradebook to files, and a clear word where there is nothing to write."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from exercises.grading.bench import open_bench
from exercises.grading.catalog import find_exercise
from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.gradebook import FILE_NAME, By, Gradebook
from exercises.grading.classroom.reports.roll import Learner
from exercises.grading.cli import app
from exercises.grading.judge import judge
from exercises.grading.places import ROOT
from tests.grading.classroom.recorded import verdict

BY = By(suite="suite", image="embedded")
TABLES = {"grades.csv", "canvas.csv", "moodle.csv", "junit.xml", "grades.json", "overview.html"}


def feedback(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["feedback", *map(str, arguments)])


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    gradebook = Gradebook(tmp_path / FILE_NAME, new=True)
    for name in ("statements", "forgeable"):
        judged = verdict(name)
        gradebook.record(Entry("ada", judged.exercise, name.encode()), judged, BY)
    return tmp_path


def test_a_file_is_judged_kept_and_told_to_who_wrote_it(tmp_path: Path) -> None:
    exercise = find_exercise("16")
    with open_bench("embedded") as bench:
        judged = judge(exercise, "starter", bench)
    content = exercise.starter_file.read_bytes()
    gradebook = Gradebook(tmp_path / FILE_NAME, new=True)
    gradebook.record(Entry("ada", exercise.slug, content), judged, BY)
    gradebook.record(Entry("bob", exercise.slug, None, "Nothing."), verdict("right"), BY)
    result = feedback(tmp_path)
    assert result.exit_code == 0, result.output
    reports = tmp_path / "reports"
    assert {file.name for file in reports.iterdir()} == TABLES | {"learners", ".written"}
    assert "2 marks of 2 learners" in result.output
    page = (reports / "learners" / Learner("ada", {}).page).read_text("utf-8")
    assert f"<strong>{judged.score}</strong> of 100 points" in page
    for failure in judged.failures:
        assert failure.criterion.title in page


def test_json_names_each_file_and_only_what_was_asked_for_is_written(graded: Path) -> None:
    result = feedback(graded, "--format", "csv", "--format", "junit", "--json")
    told = json.loads(result.output)
    assert told == {
        "folder": str(graded / "reports"),
        "written": ["grades.csv", "junit.xml"],
        "removed": [],
        "learners": 1,
        "marks": 2,
    }
    assert all((graded / "reports" / name).is_file() for name in told["written"])


def test_without_a_gradebook_it_says_so_and_writes_nothing(tmp_path: Path) -> None:
    result = feedback(tmp_path)
    assert result.exit_code == 2
    assert "There is no gradebook" in " ".join(result.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_is_graded_it_says_so_and_writes_nothing(tmp_path: Path) -> None:
    Gradebook(tmp_path / FILE_NAME, new=True)
    result = feedback(tmp_path)
    assert result.exit_code == 2
    assert "Nothing is graded yet" in " ".join(result.stderr.split())
    assert not (tmp_path / "reports").exists()


def test_a_damaged_gradebook_is_said_and_what_was_written_before_stays(graded: Path) -> None:
    feedback(graded, "--format", "csv")
    before = (graded / "reports" / "grades.csv").read_bytes()
    gradebook = graded / FILE_NAME
    header, rest = gradebook.read_bytes()[:100], gradebook.stat().st_size - 100
    gradebook.write_bytes(header + b"x" * rest)
    result = feedback(graded)
    assert result.exit_code == 2
    assert "The gradebook cannot be used" in " ".join(result.stderr.split())
    assert (graded / "reports" / "grades.csv").read_bytes() == before


@pytest.mark.parametrize("content", [b"x", zlib.compress(b"{"), zlib.compress(b"[]")])
def test_a_damaged_verdict_is_named_with_the_way_to_a_new_one(graded: Path, content: bytes) -> None:
    with closing(sqlite3.connect(graded / FILE_NAME)) as gradebook, gradebook:
        triggers = gradebook.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            gradebook.execute(f"DROP TRIGGER {name}")
        gradebook.execute("UPDATE verdicts SET content = ?", [content])
    result = feedback(graded)
    assert result.exit_code == 2
    told = " ".join(result.stderr.split())
    assert "is damaged" in told
    assert "--again" in told
    assert not (graded / "reports").exists()


def test_a_strangers_file_in_the_way_is_named(graded: Path) -> None:
    (graded / "reports").mkdir()
    (graded / "reports" / "canvas.csv").write_text("mine", "utf-8")
    result = feedback(graded)
    assert result.exit_code == 2
    assert "canvas.csv is in the way" in "".join(result.stderr.split("\n")).replace("  ", " ")
    assert (graded / "reports" / "canvas.csv").read_text("utf-8") == "mine"


def test_no_other_command_waits_for_what_reports_need() -> None:
    asked = "import sys, exercises.grading.cli; print({'jinja2', 'sqlalchemy'} & {*sys.modules})"
    told = subprocess.check_output(
        [sys.executable, "-c", asked],
        cwd=ROOT,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert told == "set()\n"
