"""Moodle numbers people anew in each assignment: two of them are not collected into one class."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from exercises.grading.catalog import exercises
from exercises.grading.classroom.collect import collect
from exercises.grading.classroom.participants import TwoAssignments
from exercises.grading.cli import app

FIRST = ("Ada_12345", "Ada_12346", "Grace_12347")
WANTED = exercises()


def download(folder: Path, *names: str, end: str = "") -> Path:
    """What Moodle gives for one assignment; older ones with an underscore at the end."""
    for name in names:
        part = folder / f"{name}_assignsubmission_file{end}"
        part.mkdir(parents=True)
        (part / "orders.py").write_text(name, "utf-8")
    return folder


def test_folders_of_an_older_moodle_are_taken_too(tmp_path: Path) -> None:
    source = download(tmp_path / "in", *FIRST, end="_")
    report = collect([source], WANTED, tmp_path / "out")
    assert report.learners == set(FIRST)
    assert len(report.placed) == len(FIRST)
    assert report.unplaced == []


def test_two_assignments_are_refused_before_anything_is_placed(tmp_path: Path) -> None:
    first = download(tmp_path / "first", *FIRST)
    second = download(tmp_path / "second", "Grace_20001")
    out = tmp_path / "out"
    told = CliRunner().invoke(app, ["collect", str(first), str(second), "--out", str(out)])
    assert told.exit_code == 2
    for said in ("Grace", "12347", "20001", "anew in each assignment", "--out submissions-06"):
        assert said in " ".join(told.stderr.split())
    assert not out.exists()


def test_a_second_assignment_is_refused_in_a_later_run_too(tmp_path: Path) -> None:
    out = tmp_path / "out"
    collect([download(tmp_path / "first", *FIRST)], WANTED, out)
    with pytest.raises(TwoAssignments):
        collect([download(tmp_path / "second", "Ada_20001", "Ada_20002")], WANTED, out)
    assert {each.name for each in out.iterdir()} == set(FIRST)


def test_later_downloads_of_the_same_assignment_are_welcome(tmp_path: Path) -> None:
    out = tmp_path / "out"
    collect([download(tmp_path / "first", "Ada_12345", "Grace_12347")], WANTED, out)
    collect([download(tmp_path / "second", *FIRST, "Eve_12348")], WANTED, out)
    assert {each.name for each in out.iterdir()} == {*FIRST, "Eve_12348"}


def test_canvas_numbers_people_once_and_namesakes_stay_two(tmp_path: Path) -> None:
    for number in (101, 102):
        folder = tmp_path / f"download-{number}"
        folder.mkdir()
        (folder / f"lovelaceada_{number}_{number}_orders.py").write_text("x", "utf-8")
        collect([folder], WANTED, tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == 2
