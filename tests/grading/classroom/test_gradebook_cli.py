"""`dojo gradebook`: the points that count, and what people do about them, with a reason each."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from exercises.grading.classroom.gradebook import FILE_NAME, By, Gradebook
from exercises.grading.cli import app
from tests.grading.classroom.made_up import entry, verdict


@pytest.fixture
def out(tmp_path: Path) -> Path:
    gradebook = Gradebook(tmp_path / FILE_NAME, new=True)
    gradebook.record(entry("ada"), verdict(40), By("suite 1", "sandbox:1"))
    gradebook.record(entry("ada", "10_tokens"), verdict(70, "10_tokens"), By("s", "sandbox:1"))
    gradebook.record(entry("=bob\n"), verdict(90), By("suite 1", "sandbox:1"))
    return tmp_path


def dojo(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["gradebook", *map(str, arguments)])


def points(out: Path) -> dict[tuple[str, str], int]:
    return {
        (mark.learner, mark.exercise): mark.points for mark in Gradebook(out / FILE_NAME).marks()
    }


def rows(shown: str) -> list[list[str]]:
    return [line.split() for line in shown.splitlines()]


def test_the_table_has_a_row_a_learner_and_a_column_an_exercise(out: Path) -> None:
    shown = dojo(out)
    assert shown.exit_code == 0
    assert rows(shown.stdout) == [
        ["learner", "06_queries", "10_tokens"],
        ["=bob\\n", "90", "–"],
        ["ada", "40", "70"],
    ]


def test_edits_change_what_counts_and_are_marked(out: Path) -> None:
    assert dojo("override", out, "ada", "6", 80, "--reason", "misread").exit_code == 0
    assert dojo("penalty", out, "ada", "06_queries", 10, "--reason", "late").exit_code == 0
    assert dojo("comment", out, "ada", "tokens", "Well done").exit_code == 0
    assert rows(dojo(out).stdout)[2] == ["ada", "70", "✎", "70", "✎"]
    assert dojo("override", out, "ada", "6", "machine", "--reason", "read again").exit_code == 0
    assert points(out)["ada", "06_queries"] == 30


def test_the_history_has_who_what_and_why(out: Path) -> None:
    dojo("override", out, "ada", "6", 80, "--reason", "misread", "--by", "Ms Byron")
    shown = dojo("history", out, "ada", "6").stdout
    assert "dojo grade: verdict 40" in shown
    assert "Ms Byron: override 80\n  misread" in shown
    told = [
        json.loads(line) for line in dojo("history", out, "ada", "6", "--json").stdout.splitlines()
    ]
    assert [(each["who"], each["what"], each["points"], each["why"]) for each in told][1:] == [
        ("Ms Byron", "override", 80, "misread")
    ]


def test_json_has_one_line_a_mark(out: Path) -> None:
    dojo("penalty", out, "ada", "6", 15, "--reason", "late")
    marks = [json.loads(line) for line in dojo(out, "--json").stdout.splitlines()]
    assert [(m["learner"], m["exercise"], m["points"]) for m in marks] == [
        ("=bob\n", "06_queries", 90),
        ("ada", "06_queries", 25),
        ("ada", "10_tokens", 70),
    ]
    assert (marks[1]["score"], marks[1]["penalty"], marks[1]["image"]) == (40, 15, "sandbox:1")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("override", "{}", "adda", "6", "80", "--reason", "x"), "There are: ada"),
        (("override", "{}", "=bob\n", "10", "80", "--reason", "x"), "There are: 06_queries"),
        (("override", "{}", "ada", "77", "80", "--reason", "x"), "06_queries"),
        (("override", "{}", "ada", "6", "101", "--reason", "x"), "0 to 100"),
        (("penalty", "{}", "ada", "6", "½", "--reason", "x"), "0 to 100"),
        (("penalty", "{}", "ada", "6", "5", "--reason", " "), "Say why"),
        (("override", "{}", "ada", "6", "80"), "--reason"),
        (("history", "{}", "adda", "6"), "There are: ada"),
        (("{}/nothing",), "dojo grade"),
    ],
)
def test_bad_input_is_told_what_there_is_and_changes_nothing(
    out: Path, arguments: tuple[str, ...], told: str
) -> None:
    before = points(out)
    result = dojo(*(each.format(out) for each in arguments))
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert points(out) == before
