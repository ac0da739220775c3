"""Grading where an instructor is not: a learner's repository, and runners like Gradescope's."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from exercises.grading.catalog import find_exercise
from exercises.grading.classroom.gradescope import results
from exercises.grading.classroom.release import WORKFLOW, release, with_what_the_first_lesson_needs
from exercises.grading.cli import app
from exercises.grading.exchange import Transcript
from exercises.grading.places import ROOT
from exercises.grading.verdict import CannotJudge, Criterion, Finding, Outcome, Verdict

BIN = Path(sys.executable).parent
RECIPE = WORKFLOW.parent / "gradescope"
QUERIES = find_exercise("06")
JOB: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]["grade"]
TRIGGERS = yaml.safe_load(WORKFLOW.read_text("utf-8"))[True]  # YAML 1.1 reads `on` as a boolean
FIELDS = {"number", "name", "score", "max_score", "status", "output", "tags", "visibility"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of one exercise, set up, in which the learner has begun with it."""
    folder = tmp_path_factory.mktemp("learner") / "course"
    release(with_what_the_first_lesson_needs([QUERIES]), folder)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    mine = folder / QUERIES.learner_file.relative_to(ROOT)
    mine.write_text(mine.read_text("utf-8") + "\n# begun\n", "utf-8")
    return folder


def shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "DOJO_LOCAL")}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={**inherited, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def tool(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]], capture_output=True, text=True, check=False
    )


def test_the_workflow_fits_the_schema_of_workflows() -> None:
    checked = tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(WORKFLOW))
    assert checked.returncode == 0, checked.stdout


def test_the_workflow_has_no_weakness_that_is_known(tmp_path: Path) -> None:
    found = tool("zizmor", "--offline", "--persona", "pedantic", str(WORKFLOW))
    assert found.returncode == 0, found.stdout
    weak = tmp_path / "grade.yml"
    weak.write_text(
        WORKFLOW.read_text("utf-8").replace("  push:", "  pull_request_target:"), "utf-8"
    )
    assert tool("zizmor", "--offline", str(weak)).returncode != 0


def test_the_workflow_may_read_and_no_more_and_runs_on_pushes_only() -> None:
    whole = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    assert (whole["permissions"], JOB["permissions"]) == ({}, {"contents": "read"})
    assert set(TRIGGERS) == {"push", "workflow_dispatch"}
    assert "secrets." not in WORKFLOW.read_text("utf-8")


def test_the_first_step_of_the_workflow_is_the_first_line_of_the_readme() -> None:
    line = next(step["run"] for step in JOB["steps"] if step["name"] == "Set up")
    assert line.removesuffix(" --no-lab") in (ROOT / "README.md").read_text("utf-8").splitlines()


def test_the_workflows_step_judges_what_was_begun_and_shows_it(
    course: Path, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    judged = shell(JOB["steps"][-1]["run"], course, GITHUB_STEP_SUMMARY=str(summary))
    assert judged.returncode == 1, judged.stderr
    assert judged.stdout.split() == ["06_queries"]
    text = summary.read_text("utf-8")
    assert text.startswith("~~~text\n06_queries  ")
    assert "the reference" in text
    assert text.endswith("~~~\n")


def test_an_upload_becomes_results_json(course: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.symlink_to(course)
    (tmp_path / "submission").mkdir()
    shutil.copyfile(QUERIES.solution_file, tmp_path / "submission" / "orders-1.py")
    run = shell(str(RECIPE / "run_autograder"), tmp_path, AUTOGRADER=str(tmp_path), EXERCISES="06")
    assert run.returncode == 0, run.stderr
    content = json.loads((tmp_path / "results" / "results.json").read_text("utf-8"))
    assert content["output"] == "06_queries  100/100"
    assert sum(test["score"] for test in content["tests"]) == 100
    assert all(test.keys() == FIELDS for test in content["tests"])


def test_what_cannot_be_judged_leaves_no_results_and_no_zero(course: Path, tmp_path: Path) -> None:
    (tmp_path / "source").symlink_to(course)
    (tmp_path / "submission").mkdir()
    broken = {"AUTOGRADER": str(tmp_path), "EXERCISES": "06", "TMPDIR": str(tmp_path / "gone")}
    run = shell(str(RECIPE / "run_autograder"), tmp_path, **broken)
    assert run.returncode != 0
    assert not (tmp_path / "results").exists()


def verdict(outcome: Outcome, *, visible: bool = True) -> Verdict:
    criterion = Criterion("limit", "The limit", 100, ("R3",), "second-look", "Why.", visible)
    seen = Transcript(["GET /"], ["HTTP 200 \x1b[2J"], [], [])
    return Verdict(
        QUERIES.slug, "x", "embedded", 1.5, (Finding(criterion, outcome, "It says 7.", seen),)
    )


def test_a_hidden_criterion_tells_title_and_outcome_only() -> None:
    [shown] = results([verdict(Outcome.FAILED)])["tests"]
    [hidden] = results([verdict(Outcome.FAILED, visible=False)])["tests"]
    assert "It says 7." in shown["output"]
    assert "\x1b" not in shown["output"]
    assert hidden == {**shown, "output": ""}


def test_an_error_is_never_turned_into_a_mark(tmp_path: Path) -> None:
    with pytest.raises(CannotJudge):
        results([verdict(Outcome.ERROR)])
    with pytest.raises(CannotJudge):
        results([])
    (tmp_path / "verdicts.jsonl").write_text('{"exercise": "06_queries", "error": "no disk"}\n')
    command = ["gradescope", str(tmp_path / "verdicts.jsonl"), "--out", str(tmp_path / "r.json")]
    assert CliRunner().invoke(app, command).exit_code == 2
    assert not (tmp_path / "r.json").exists()
