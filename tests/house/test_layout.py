"""The shape of the project, as a newcomer relies on it."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from exercises.grading.catalog import exercises
from exercises.grading.contents import README, with_contents
from exercises.grading.places import ROOT

TOP_LEVEL = {
    *("lessons", "exercises", "solutions", "reference_app", "tests"),
    *("pyproject.toml", "README.md", "LICENSE"),
}
LONGEST_FILE = 250


def tracked(*patterns: str) -> list[Path]:
    """The project's files as git knows them; skips where there is no git, but never in CI."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *patterns]
    try:
        listing = subprocess.check_output(command, cwd=ROOT, text=True, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        if "CI" in os.environ:
            raise
        pytest.skip("this copy of the project is no git checkout")
    files = [ROOT / name for name in listing.split("\0") if name]
    return [file for file in files if file.is_file()]


def test_the_top_level_holds_what_it_should_and_nothing_else() -> None:
    top = {file.relative_to(ROOT).parts[0] for file in tracked()}
    assert {name for name in top if not name.startswith(".")} == TOP_LEVEL


def test_files_are_short_enough_to_hold_one_idea() -> None:
    lengths = {file: file.read_text("utf-8").count("\n") for file in tracked("*.py")}
    assert {str(file): n for file, n in lengths.items() if n > LONGEST_FILE} == {}


def test_every_dependency_says_why_it_is_there_and_is_pinned() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)
    wanted = list(project["project"]["dependencies"])
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    pinned = {
        re.split(r"[=<>~! ;]", pin)[0].lower().replace("_", "-")
        for pin in project["tool"]["uv"]["constraint-dependencies"]
    }
    for requirement in wanted:
        assert re.search(rf'"{re.escape(requirement)}",\s+# \w', text), requirement
        name = re.split(r"[\[;=<> ]", requirement)[0].lower().replace("_", "-")
        assert name in pinned, f"{name} has no pinned version"


def test_the_contents_table_is_up_to_date() -> None:
    text = README.read_text("utf-8")
    assert text == with_contents(text, exercises()), "run: python -m exercises.grading.contents"


def test_a_picture_of_a_verdict_stands_in_the_readme() -> None:
    picture = README.read_text("utf-8").split("```text\n")[1].split("```")[0]
    assert "the reference" in picture
    assert max(len(line) for line in picture.splitlines()) <= 80
