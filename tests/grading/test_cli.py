"""`dojo` as a learner and a program meet it: exit codes, JSON, plain text, nothing lost."""

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from exercises.grading.catalog import find_exercise
from tests.grading.conftest import Dojo

ON = ("--on", "embedded")
NO_ENGINE = {"DOCKER_HOST": "tcp://127.0.0.1:1"}
QUERIES = find_exercise("06")


def parsed(result: CompletedProcess[str]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(result.stdout)
    return content


def test_full_marks_end_with_0_and_one_json_object(dojo: Dojo) -> None:
    result = dojo("check", "6", "--submission", "reference", *ON, "--json")
    verdict = parsed(result)
    assert result.returncode == 0
    assert verdict["exercise"] == "06_queries"
    assert verdict["submission"] == "reference"
    assert verdict["backend"] == "embedded"
    assert (verdict["score"], verdict["max_score"], verdict["passed"]) == (100, 100, True)
    assert verdict["seconds"] > 0
    for criterion in verdict["criteria"]:
        assert criterion["outcome"] == "passed"
        assert criterion["earned"] == criterion["points"]
        assert criterion["spec"]


def test_less_ends_with_1_and_shows_both_answers(dojo: Dojo) -> None:
    result = dojo("check", "6", *ON, "--json")
    verdict = parsed(result)
    failed = [each for each in verdict["criteria"] if each["outcome"] == "failed"]
    assert result.returncode == 1
    assert verdict["submission"] == "exercises"
    assert verdict["score"] == sum(each["earned"] for each in verdict["criteria"]) < 100
    assert failed
    for criterion in failed:
        assert criterion["message"]
        assert "Traceback" not in criterion["message"]
        assert criterion["yours"]["response"]
        assert criterion["reference"]["response"]


def test_what_cannot_be_judged_ends_with_2_and_says_so_in_json_too(dojo: Dojo) -> None:
    result = dojo("check", "6", "--on", "containers", "--json", **NO_ENGINE)
    assert result.returncode == 2
    assert parsed(result)["error"]
    assert "Traceback" not in result.stderr


def test_without_an_engine_the_embedded_servers_are_taken_and_said(dojo: Dojo) -> None:
    result = dojo("start", "--no-lab", **NO_ENGINE)
    assert result.returncode == 0
    assert "no container engine answers" in " ".join(result.stdout.split())
    assert "06_queries" in result.stdout
    assert "/100" in result.stdout


@pytest.mark.parametrize("where", ["file", "exercise folder", "folder of exercise folders"])
def test_a_path_may_be_a_file_or_a_folder(where: str, dojo: Dojo, project: Path) -> None:
    solutions = project / "solutions"
    paths = {
        "file": solutions / QUERIES.slug / QUERIES.file_name,
        "exercise folder": solutions / QUERIES.slug,
        "folder of exercise folders": solutions,
    }
    result = dojo("check", "06", "--submission", str(paths[where]), *ON, "--json")
    assert parsed(result)["score"] == 100


def test_an_unknown_exercise_is_answered_with_the_known_ones(dojo: Dojo) -> None:
    result = dojo("check", "77")
    assert result.returncode == 2
    assert "06_queries" in result.stderr


def test_a_verdict_without_a_terminal_is_plain_text_of_80_columns(dojo: Dojo) -> None:
    result = dojo("check", "6", "--submission", "starter", *ON)
    assert result.returncode == 1
    assert "\x1b" not in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    assert "the reference" in result.stdout


def test_hints_come_one_after_the_other(dojo: Dojo) -> None:
    first, second = dojo("hint", "6").stdout, dojo("hint", "6").stdout
    assert "Hint 1" in first
    assert "Hint 2" not in first
    assert "Hint 2" in second


def test_reset_brings_the_starter_back_and_keeps_the_file(dojo: Dojo, project: Path) -> None:
    folder = project / "exercises" / QUERIES.slug
    file = folder / QUERIES.file_name
    for work in ("my first try", "my second try"):
        file.write_text(work, "utf-8")
        assert dojo("reset", "6").returncode == 0
    assert file.read_bytes() == (folder / ".starter" / file.name).read_bytes()
    kept = {path.read_text("utf-8") for path in folder.glob("*.backup-*")}
    assert {"my first try", "my second try"} <= kept


def test_the_list_shows_how_far_one_is(dojo: Dojo) -> None:
    text = dojo("list").stdout
    assert "Part II" in text
    assert "06_queries" in text


def test_the_walk_through_names_its_files(dojo: Dojo) -> None:
    text = dojo("solution", "6").stdout
    assert "solutions/06_queries/orders.py" in text
    assert "reference_app/data/orders.py" in text


def test_the_doctor_says_what_is_missing_and_what_to_do(dojo: Dojo) -> None:
    result = dojo("doctor", **NO_ENGINE)
    assert result.returncode == 0
    assert "PostgreSQL" in result.stdout
    assert "no container engine answers" in result.stdout


@pytest.mark.parametrize("command", ["start", "doctor", "list", "check", "watch", "hint"])
def test_every_command_has_help(command: str, dojo: Dojo) -> None:
    assert "Usage" in dojo(command, "--help").stdout
