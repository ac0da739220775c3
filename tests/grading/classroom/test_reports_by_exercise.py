"""What cannot stand in a table for all stands in one for its exercise, and finds its people."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

from exercises.grading.classroom.mark import Mark
from exercises.grading.classroom.reports.format import Format
from exercises.grading.classroom.reports.shelf import Shelf
from exercises.grading.classroom.reports.writing import write_reports
from tests.grading.classroom.recorded import mark

COMPLETE = [mark("ada", "statements"), mark("ada", "right")]
LACKING = mark("bob", "statements", override=70)
PARTICIPANTS = [
    mark("Ada Lovelace_12345", "statements", penalty=10),
    mark("Ada Lovelace_12346", "nothing"),
    mark("Ada Lovelace_12346", "right"),
    mark("Participant_12348", "right"),
    mark("grace", "right"),
]


def written(folder: Path, *marks: Mark, only: Format) -> dict[str, list[list[str]]]:
    write_reports(lambda: marks, [only], Shelf(folder))
    return {
        str(file.relative_to(folder)): list(csv.reader(StringIO(file.read_text("utf-8"))))
        for file in folder.rglob("*.csv")
    }


def test_who_lacks_a_mark_has_a_row_for_canvas_without_an_empty_cell(tmp_path: Path) -> None:
    tables = written(tmp_path, *COMPLETE, LACKING, only=Format.CANVAS)
    assert tables.keys() == {"canvas.csv", "canvas/06_queries.csv"}
    assert [row[0] for row in tables["canvas.csv"]] == ["Student", "Points Possible", "ada"]
    assert tables["canvas/06_queries.csv"] == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "06_queries"],
        ["Points Possible", "", "", "", "", "100"],
        ["bob", "", "", "bob", "", "70"],
    ]


def test_a_table_that_nobody_stands_in_any_more_is_removed(tmp_path: Path) -> None:
    written(tmp_path, *COMPLETE, LACKING, only=Format.CANVAS)
    tables = written(tmp_path, *COMPLETE, LACKING, mark("bob", "right"), only=Format.CANVAS)
    assert tables.keys() == {"canvas.csv"}
    assert [row[5:] for row in tables["canvas.csv"][2:]] == [["90", "100"], ["70", "100"]]


def test_people_of_moodles_download_are_in_a_worksheet_by_their_numbers(tmp_path: Path) -> None:
    tables = written(tmp_path, *PARTICIPANTS, only=Format.MOODLE)
    assert tables.keys() == {"moodle.csv", "moodle/06_queries.csv", "moodle/16_caching.csv"}
    head, ada, namesake = tables["moodle/06_queries.csv"]
    assert head == [
        *("Identifier", "Full name", "Grade", "Maximum Grade"),
        *("Last modified (grade)", "Feedback comments"),
    ]
    assert ada[:4] == ["Participant 12345", "Ada Lovelace", "80", "100"]
    assert namesake[:4] == ["Participant 12346", "Ada Lovelace", "0", "100"]
    assert ada[5].startswith("80 of 100 points.<br>10 points taken off.")
    assert [row[:2] for row in tables["moodle/16_caching.csv"][1:]] == [
        ["Participant 12346", "Ada Lovelace"],
        ["Participant 12348", "Participant"],
    ]


def test_a_worksheet_is_as_new_as_it_is_so_that_later_changes_in_moodle_stay(
    tmp_path: Path,
) -> None:
    tables = written(tmp_path, *PARTICIPANTS, only=Format.MOODLE)
    told = datetime.fromisoformat(tables["moodle/06_queries.csv"][1][4])
    assert timedelta(0) <= datetime.now(UTC) - told < timedelta(minutes=1)
