"""Tables keep every mark, are read alike by all, and give a spreadsheet nothing to carry out."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from exercises.grading.classroom.mark import Mark
from exercises.grading.classroom.reports import tables
from exercises.grading.classroom.reports.spreadsheet import as_csv, neutral
from exercises.grading.classroom.reports.summary import summarise
from exercises.grading.classroom.reports.writing import Writer
from tests.grading.classroom.recorded import hostile, mark

FORMULAS = ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1", "ok\n=1", "a;=1", "＝1"]

MARKS = [
    mark("ada", "statements", penalty=10, comments=("Late.", "=1+1", "a < b")),
    mark("ada", "forgeable", override=95),
    mark("ada", "right"),
    mark('bob, the "builder"\n', "nothing"),
    mark('bob, the "builder"\n', "broken"),
]


def read(writer: Writer, marks: list[Mark]) -> list[list[str]]:
    written = "".join(writer(lambda: marks, summarise(marks)))
    return list(csv.reader(StringIO(written, newline=""), strict=True))


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_taken_for_a_formula(formula: str) -> None:
    for part in neutral(formula).replace(";", "\n").split("\n"):
        assert not part.lstrip().startswith(tuple("=+-@＝\t\r"))


@pytest.mark.parametrize("innocent", ["ada", "O'Neill-Smith", "a-b", "x = 1", "a@b.example", ""])
def test_a_cell_that_is_no_formula_stays_as_it_is(innocent: str) -> None:
    assert neutral(innocent) == innocent


def test_every_cell_of_every_table_is_made_neutral() -> None:
    marks = [
        mark(
            "=cmd|' /C calc'!A0", "forgeable", verdict=hostile("=1+1"), comments=("@x",), image="-x"
        )
    ]
    for writer in (tables.grades, tables.canvas, tables.moodle):
        cells = [cell for row in read(writer, marks) for cell in row]
        assert any("cmd" in cell for cell in cells)
        assert not [cell for cell in cells if cell.startswith(tuple("=+-@"))]


def test_quotes_commas_and_line_ends_are_as_rfc_4180_says() -> None:
    cells = ['say "x"', "a,b", "two\nlines", None, 7]
    assert "".join(as_csv([cells])) == '"say ""x""","a,b","two\nlines",,7\r\n'


def test_each_learner_and_exercise_has_a_row_that_accounts_for_the_points() -> None:
    head, *rows = read(tables.grades, MARKS)
    found = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(row["learner"], row["exercise"], row["points"]) for row in found] == [
        ("ada", "06_queries", "80"),
        ("ada", "10_tokens", "95"),
        ("ada", "16_caching", "100"),
        ('bob, the "builder"\\n', "06_queries", "0"),
        ('bob, the "builder"\\n', "10_tokens", "0"),
    ]
    assert [row["status"] for row in found] == [
        *("judged", "judged", "judged", "nothing to judge", "did not run"),
    ]
    first = found[0]
    assert (first["machine"], first["override"], first["penalty"]) == ("90", "", "10")
    assert (first["criteria_met"], first["criteria"]) == ("12", "13")
    assert first["comments"] == "Late.\n'=1+1\na < b"
    assert found[1]["override"] == "95"


def test_canvas_finds_what_its_importer_looks_for() -> None:
    head, possible, *rows = read(tables.canvas, MARKS)
    assert head[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert head[5:] == ["06_queries", "10_tokens", "16_caching"]
    assert possible == ["Points Possible", "", "", "", "", "100", "100", "100"]
    assert rows == [
        ["ada", "", "", "ada", "", "80", "95", "100"],
    ]
    assert not [row for row in rows if "" in row[5:]], "an empty cell takes a grade away"


def test_no_name_is_taken_for_the_row_of_points_possible() -> None:
    """Canvas takes any row for it whose first cell has these words in it."""
    rows = read(tables.canvas, [mark("My Points Possible", "right")])
    assert [row[0] for row in rows] == ["Student", "Points Possible", ""]
    assert rows[2][3] == "My Points Possible"


def test_moodle_gets_each_grade_with_its_feedback_and_a_dash_for_none() -> None:
    head, ada, bob = read(tables.moodle, MARKS)
    assert head == [
        "Username",
        *("06_queries", "06_queries (Feedback)"),
        *("10_tokens", "10_tokens (Feedback)"),
        *("16_caching", "16_caching (Feedback)"),
    ]
    assert (ada[1], ada[3], ada[5]) == ("80", "95", "100")
    assert ada[2].startswith("80 of 100 points.<br>10 points taken off.<br>Not met: ")
    assert ada[2].endswith("<br>Late.<br>=1+1<br>a &lt; b")
    assert "the machine gave 89" in ada[4]
    assert bob[2] == "0 of 100 points.<br>There was nothing to judge."
    assert bob[5:] == ["-", ""]


def test_nothing_of_a_submission_gets_into_moodle() -> None:
    [_, row] = read(tables.moodle, [mark("ada", "forgeable", verdict=hostile("planted"))])
    assert "planted" not in row[2]
