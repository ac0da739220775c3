"""`dojo release`: a class gets what it needs to work, and nothing that it should not see."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from exercises.grading.catalog import exercises
from exercises.grading.classroom.release import release, with_what_the_first_lesson_needs
from exercises.grading.places import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]

HIDDEN = {
    "limit_counts_orders": "The limit counts orders, not items",
    "newest_orders_need_no_sort": "The newest orders need no sort",
}
ONLY_FOR_HIDDEN = "statements_that_must_sort"
QUICKLY = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "xdist.plugin"}
"""Plugins of the project's own tools take seconds to import; a release has only the one."""

LEFT_ALONE = shutil.ignore_patterns(".git", ".venv", ".dojo", "__pycache__", ".*_cache", "my_*")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in a folder, with its packages, as after the first line of the README."""
    environment = {name: value for name, value in os.environ.items() if name != "DOJO_LOCAL"}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**environment, **QUICKLY, "PYTHONPATH": str(folder), "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def dojo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(folder, "exercises.grading", *arguments)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of an instructor who hides two criteria, and has been at work in it."""
    copy = tmp_path_factory.mktemp("instructor") / "project"
    shutil.copytree(ROOT, copy, ignore=LEFT_ALONE)
    suite = copy / "tests/exercises/test_06_queries.py"
    text = suite.read_text("utf-8")
    for name in HIDDEN:
        marker = text.rindex("lesson=", 0, text.index(f"def test_{name}("))
        text = f"{text[:marker]}visible=False, {text[marker:]}"
    suite.write_text(text, "utf-8")
    for local in (
        *(".dojo/progress.sqlite3", ".git/config", "lessons/my_06_queries.ipynb"),
        *("exercises/06_queries/orders.py", "exercises/06_queries/orders.py.backup-1"),
        *("exercises/06_queries/answer.py", "reference_app/deploy/secrets/key", "marks.csv"),
        *("exercises/grading/.env", "reference_app/__pycache__/config.pyc"),
    ):
        (copy / local).parent.mkdir(parents=True, exist_ok=True)
        (copy / local).write_text("the instructor's own", "utf-8")
    return copy


@pytest.fixture(scope="module")
def released(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("class") / "backend-course"
    made = dojo(project, "release", str(target), "--exercises", "06", "--zip")
    assert made.returncode == 0, made.stderr
    assert "16_caching   (lesson 00 shows the kit by it)" in made.stdout
    return target


def files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def test_it_holds_what_a_class_needs_and_nothing_else(project: Path, released: Path) -> None:
    given = files(released)
    whole = {name for name in given if name.startswith(("exercises/grading/", "reference_app/"))}
    assert given - whole == {
        *(".dockerignore", ".gitignore", ".github/workflows/grade.yml", "LICENSE", "README.md"),
        *("pyproject.toml", "exercises/__init__.py", "tests/conftest.py"),
        *(f"lessons/{name}.ipynb" for name in ("00_start_here", "06_queries", "16_caching")),
        *(f"exercises/06_queries/{name}" for name in ("README.md", "exercise.toml", "orders.py")),
        *(f"exercises/16_caching/{name}" for name in ("README.md", "exercise.toml", "cache.py")),
        *("exercises/06_queries/.starter/orders.py", "exercises/16_caching/.starter/cache.py"),
        *(
            f"tests/exercises/order_{name}.py"
            for name in ("book", "changes", "costs", "sorting", "statements", "writing")
        ),
        *(f"tests/exercises/cached_{name}.py" for name in ("lifetimes", "users", "values")),
        *(
            f"tests/exercises/{name}.py"
            for name in ("crossing_invalidations", "failing_loads", "lost_cache")
        ),
        *(f"tests/exercises/{name}_loads.py" for name in ("overtaken", "running")),
        *(f"tests/exercises/test_{name}.py" for name in ("06_queries", "16_caching")),
    }
    assert whole < files(project)
    contents = [(released / name).read_bytes() for name in given]
    assert b"the instructor's own" not in contents
    for solution in (ROOT / "solutions").rglob("*.py"):
        assert solution.read_bytes() not in contents


def test_the_files_to_be_mended_are_the_starters(project: Path, released: Path) -> None:
    starter = project / "exercises/06_queries/.starter/orders.py"
    assert (released / "exercises/06_queries/orders.py").read_bytes() == starter.read_bytes()


def test_the_zip_holds_the_same_in_a_folder_of_its_name(released: Path) -> None:
    with ZipFile(released.with_name("backend-course.zip")) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    assert names == {f"backend-course/{name}" for name in files(released)}


def test_hidden_criteria_are_nowhere_in_it(released: Path) -> None:
    names = [name for name in files(released) if name.endswith((".py", ".toml"))]
    texts = [(released / name).read_text("utf-8") for name in names if "grading/" not in name]
    for trace in (*HIDDEN, *HIDDEN.values(), ONLY_FOR_HIDDEN, "visible=False"):
        assert not any(trace in text for text in texts), trace


def test_its_links_lead_somewhere_in_it(released: Path) -> None:
    pages = [*released.glob("*.md"), *released.glob("exercises/*/README.md")]
    pages += released.glob("lessons/*.ipynb")
    lost = [
        f"{page.name}: {link}"
        for page in pages
        for link in LINK.findall(page.read_text("utf-8"))
        if not (page.parent / link).exists()
    ]
    assert lost == []


def test_its_suites_pass_on_the_reference_for_the_points_that_are_left(released: Path) -> None:
    suite = "tests/exercises/test_06_queries.py"
    tested = run(released, "pytest", suite, "--on", "embedded", "--verdict", "verdict.jsonl", "-q")
    assert tested.returncode == 0, tested.stdout
    verdict = json.loads((released / "verdict.jsonl").read_text("utf-8"))
    assert (verdict["score"], verdict["max_score"], verdict["passed"]) == (87, 87, True)


def test_a_learner_works_in_it(released: Path) -> None:
    judged = dojo(released, "check", "6", "--on", "embedded", "--json")
    verdict = json.loads(judged.stdout)
    assert judged.returncode == 1
    assert 0 < verdict["score"] < verdict["max_score"] == 87
    assert not {each["id"] for each in verdict["criteria"]} & HIDDEN.keys()
    listed = dojo(released, "list")
    assert f"{verdict['score']}/87" in listed.stdout
    assert "10_tokens" not in listed.stdout


@pytest.mark.parametrize("command", ["solution 6", "audit 6", "audit"])
def test_what_needs_solutions_says_that_there_are_none(released: Path, command: str) -> None:
    result = dojo(released, *command.split())
    assert result.returncode == 2
    assert "release" in result.stderr
    assert "Traceback" not in result.stderr


def test_grading_still_counts_and_names_what_is_hidden(project: Path) -> None:
    suite = ("tests/exercises/test_06_queries.py", "--submission", "nothing-handed-in")
    run(project, "pytest", *suite, "--on", "embedded", "--verdict", "verdict.jsonl", "-q")
    verdict = json.loads((project / "verdict.jsonl").read_text("utf-8"))
    assert (verdict["score"], verdict["max_score"]) == (0, 100)
    assert {each["id"] for each in verdict["criteria"] if not each["visible"]} == HIDDEN.keys()


def test_nothing_is_overwritten(project: Path, tmp_path: Path) -> None:
    (tmp_path / "old.zip").write_text("last year's", "utf-8")
    refused = dojo(project, "release", str(tmp_path / "old"), "--zip")
    assert refused.returncode == 2
    assert "there already" in refused.stderr
    assert files(tmp_path) == {"old.zip"}


def test_it_is_not_made_inside_the_project(project: Path) -> None:
    refused = dojo(project, "release", "reference_app/course")
    assert refused.returncode == 2
    assert not (project / "reference_app/course").exists()


def test_every_exercise_can_be_released_alone(tmp_path: Path) -> None:
    for each in exercises():
        release(with_what_the_first_lesson_needs([each]), tmp_path / each.slug)
        assert (tmp_path / each.slug / "lessons" / f"{each.slug}.ipynb").is_file()
        readme = (tmp_path / each.slug / "README.md").read_text("utf-8")
        assert f"dojo watch {int(each.number)}" in readme


def test_a_machine_that_grades_gets_the_hidden_ones_too(project: Path, tmp_path: Path) -> None:
    made = dojo(project, "release", str(tmp_path / "grader"), "--exercises", "06", "--with-hidden")
    assert made.returncode == 0, made.stderr
    for same in ("tests/exercises/test_06_queries.py", "exercises/06_queries/exercise.toml"):
        assert (tmp_path / "grader" / same).read_bytes() == (project / same).read_bytes()
