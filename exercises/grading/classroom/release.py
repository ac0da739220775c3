"""What a class gets: lessons, exercises, the service and the suites; no answers.

The folder works on its own by the two lines of its README. The first sets up and shows a verdict;
the second runs the suites that are in it on the reference. Left out are solutions, faults, hidden
criteria, the project's own tests (they need the former) and whatever the instructor did locally.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from exercises.grading.catalog import Exercise, find_exercise
from exercises.grading.classroom.doubtful import CannotRelease
from exercises.grading.classroom.visible import for_a_class, hidden_criteria
from exercises.grading.contents import README, with_contents
from exercises.grading.places import LESSONS, ROOT, SUITES

FIRST_LESSON = LESSONS / "00_start_here.ipynb"
WORKFLOW = ROOT / "exercises" / "grading" / "classroom" / "ci" / "grade.yml"
SINGLE_FILES = (
    *(".dockerignore", ".gitignore", "LICENSE", "pyproject.toml"),
    *("exercises/__init__.py", "tests/conftest.py"),
)
WHOLE_FOLDERS = ("exercises/grading", "reference_app")
LOCAL = shutil.ignore_patterns("__pycache__", ".*", "*.pyc", "secrets")
FOR_OTHERS = ("## For instructors", "## For authors")


def with_what_the_first_lesson_needs(chosen: Iterable[Exercise]) -> list[Exercise]:
    """The chosen exercises, and the one that lesson 00 shows the kit by."""
    told = re.search(
        r'open_lesson\(\\"00\\", exercise=\\"(\d\d)\\"\)', FIRST_LESSON.read_text("utf-8")
    )
    given = [*chosen, find_exercise(told[1])] if told else chosen
    by_slug = {each.slug: each for each in given}
    return [by_slug[slug] for slug in sorted(by_slug)]


def release(
    chosen: Sequence[Exercise], target: Path, *, zipped: bool = False, with_hidden: bool = False
) -> list[Path]:
    """Makes the release of these exercises.

    Args:
        chosen: in the order of their numbers.
        target: the folder to make; a killed run leaves none.
        zipped: also make `target` + `.zip`, which unpacks into a folder of that name.
        with_hidden: leave hidden criteria in, for a machine that grades and is nobody's to read.

    Returns:
        what was made.

    Raises:
        CannotRelease: something is there already, or it lies inside the project, or it is not
            plain of a criterion whether it is hidden.
    """
    target = target.absolute()
    archive = target.with_name(target.name + ".zip")
    for made in [target, archive] if zipped else [target]:
        if made.exists():
            raise CannotRelease(f"{made} is there already. Name another folder, or remove it.")
    if target.resolve().is_relative_to(ROOT):
        raise CannotRelease(f"{target} lies inside the project. Name a folder outside of it.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".dojo-release-", dir=target.parent) as draft:
        folder = Path(draft) / target.name
        _fill(folder, chosen, with_hidden=with_hidden)
        if zipped:
            shutil.make_archive(str(Path(draft) / "class"), "zip", draft, target.name)
            (Path(draft) / "class.zip").rename(archive)
        folder.rename(target)
    return [target, archive] if zipped else [target]


def _fill(folder: Path, chosen: Sequence[Exercise], *, with_hidden: bool) -> None:
    for name in WHOLE_FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=LOCAL)
    files = [ROOT / name for name in SINGLE_FILES]
    files += [FIRST_LESSON, *(each.lesson for each in chosen)]
    for each in chosen:
        files += [each.folder / "README.md", each.starter_file]
    for file in files:
        _copy(file, folder / file.relative_to(ROOT))
    for each in chosen:
        _copy(each.starter_file, folder / each.learner_file.relative_to(ROOT))
        hidden = [] if with_hidden else hidden_criteria(each.suite.read_text("utf-8"))
        _write_metadata(each, folder / each.folder.relative_to(ROOT), hidden)
    _copy(WORKFLOW, folder / ".github" / "workflows" / WORKFLOW.name)
    _write_suites(folder / SUITES.relative_to(ROOT), chosen, with_hidden=with_hidden)
    (folder / README.name).write_text(_readme(chosen), "utf-8")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write_metadata(exercise: Exercise, folder: Path, hidden: Iterable[str]) -> None:
    """`exercise.toml`, in which no hint names a hidden criterion."""
    text = (exercise.folder / "exercise.toml").read_text("utf-8")
    for name in hidden:
        text = re.sub(rf'"{name}",\s*|(,\s*)?"{name}"', "", text)
    (folder / "exercise.toml").write_text(text, "utf-8")


def _write_suites(folder: Path, chosen: Sequence[Exercise], *, with_hidden: bool) -> None:
    sources = {file.stem: file.read_text("utf-8") for file in SUITES.glob("*.py")}
    folder.mkdir(parents=True, exist_ok=True)
    suites = [each.suite.stem for each in chosen]
    for name, source in for_a_class(sources, suites, with_hidden=with_hidden).items():
        (folder / f"{name}.py").write_text(source, "utf-8")


def _readme(chosen: Sequence[Exercise]) -> str:
    """README.md for learners: these exercises, nothing for others, no answers to look up."""
    text = with_contents(README.read_text("utf-8"), chosen)
    sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    kept = "".join(part for part in sections if not part.startswith(FOR_OTHERS))
    first = chosen[0]
    kept = kept.replace(
        "exercises/06_queries/orders.py", f"exercises/{first.slug}/{first.file_name}"
    )
    kept = kept.replace("exercises/06_queries/`", f"exercises/{first.slug}/`")
    kept = re.sub(r"`dojo (\w+) 6`", rf"`dojo \1 {first.number.lstrip('0')}`", kept)
    lines = [line for line in kept.splitlines() if not line.startswith("| `dojo solution")]
    return "\n".join(lines).rstrip() + "\n"
