"""Hiding a criterion takes it out of the suite with all that only it needs; the rest is clean."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from exercises.grading.classroom.doubtful import CannotRelease
from exercises.grading.classroom.visible import for_a_class
from exercises.grading.places import SUITES

SOURCES = {file.stem: file.read_text("utf-8") for file in SUITES.glob("*.py")}
ALL = sorted(name for name in SOURCES if name.startswith("test_"))
CRITERIA = [
    (suite, name) for suite in ALL for name in re.findall(r"def (test_\w+)", SOURCES[suite])
]
LINTED = ("check", "--isolated", "--select", "E,F,I,W", "--line-length", "100", "--no-cache")
FORMATTED = ("format", "--isolated", "--check", "--line-length", "100", "--no-cache")


def with_hidden(suite: str, test: str) -> dict[str, str]:
    text = SOURCES[suite]
    marker = text.rindex("lesson=", 0, text.index(f"def {test}("))
    return {**SOURCES, suite: f"{text[:marker]}visible=False, {text[marker:]}"}


def test_where_nothing_is_hidden_everything_stays_as_it_is() -> None:
    assert for_a_class(SOURCES, ALL) == SOURCES


def test_only_what_the_chosen_suites_import_goes_along() -> None:
    assert sorted(for_a_class(SOURCES, ["test_06_queries"])) == [
        *(
            f"order_{name}"
            for name in ("book", "changes", "costs", "sorting", "statements", "writing")
        ),
        "test_06_queries",
    ]


def test_any_criterion_can_be_hidden_and_the_rest_is_clean_code(tmp_path: Path) -> None:
    for suite, test in CRITERIA:
        folder = tmp_path / test / "tests" / "exercises"
        folder.mkdir(parents=True)
        for name, source in for_a_class(with_hidden(suite, test), ALL).items():
            assert f"def {test}(" not in source
            assert name not in ALL or source.count("\ndef test_") == SOURCES[name].count(
                "\ndef test_"
            ) - (name == suite)
            (folder / f"{name}.py").write_text(source, "utf-8")
    ruff = str(Path(sys.executable).with_name("ruff"))
    for command in (LINTED, FORMATTED):
        result = subprocess.run(
            [ruff, *command, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout[-2000:]


SUITE = '''"""A suite."""

import random
from time import sleep

import pytest

from tests.exercises import book
from tests.exercises.helpers import shared, trap

BOTH = 1
# Only for the one that is hidden.
TRAPS = 2
"""How many."""


@pytest.mark.criterion("Shown", points=92, spec=["A1"], lesson="a")
def test_shown() -> None:
    """Why."""
    shared(BOTH, sleep, book.page())


@pytest.fixture
def set_up() -> None: ...


@pytest.mark.criterion("Kept back", points=8, spec=["A1"], lesson="a", visible=False)
def test_kept_back(set_up: None) -> None:
    """Why."""
    trap(shared(BOTH), TRAPS, random, book.secret())
'''
HELPERS = '''"""Helpers."""

LIMIT = 3


def shared(*_: object) -> int:
    return LIMIT


def _deeper() -> None: ...


def trap(*_: object) -> None:
    _deeper()
'''
BOOK = '''"""Pages."""


def page() -> int:
    return 1


def secret() -> int:
    return 2
'''


def test_helpers_constants_and_imports_go_with_it_unless_others_use_them() -> None:
    given = for_a_class({"test_x": SUITE, "helpers": HELPERS, "book": BOOK}, ["test_x"])
    assert given["test_x"] == (
        SUITE[: SUITE.index("\n\n@pytest.fixture")]
        .replace("import random\n", "")
        .replace("shared, trap", "shared")
        .replace('# Only for the one that is hidden.\nTRAPS = 2\n"""How many."""\n', "")
    )
    assert given["helpers"] == HELPERS[: HELPERS.index("\n\ndef _deeper")]
    assert given["book"] == BOOK[: BOOK.index("\n\ndef secret")]


def test_what_is_not_plainly_visible_is_hidden() -> None:
    computed = SUITE.replace("visible=False", "visible=BOTH > 1")
    given = for_a_class({"test_x": computed, "helpers": HELPERS, "book": BOOK}, ["test_x"])
    assert "kept_back" not in given["test_x"]


MARK = 'points=4, spec=["A1"], lesson="a"'
KEPT_BACK = "def test_kept_back() -> None: ..."
MARKED = f'pytest.mark.criterion("Kept back", {MARK}, visible=False)'
WAYS = {
    "alias": f'criterion = pytest.mark.criterion\n\n@criterion("x", {MARK})\n{KEPT_BACK}',
    "hidden by an alias": f'mark = pytest.mark.criterion\n@mark("x", visible=False)\n{KEPT_BACK}',
    "imported alias": f'from tests.own import criterion as c\n@c("x", {MARK})\n{KEPT_BACK}',
    "by name": f'c = getattr(pytest.mark, "criterion")\n@c("x", {MARK})\n{KEPT_BACK}',
    "class": f"class TestMore:\n    @{MARKED}\n    {KEPT_BACK}",
    "branch": f"if True:\n    @{MARKED}\n    {KEPT_BACK}",
    "keywords": f'HOW = dict({MARK})\n@pytest.mark.criterion("x", **HOW)\n{KEPT_BACK}',
    "dict": f'HOW = {{"visible": False}}\n@pytest.mark.criterion("x", {MARK})\n{KEPT_BACK}',
    "no marker": KEPT_BACK,
    "assigned": "test_kept_back = pytest.fixture(lambda: None)",
    "whole file": f"pytestmark = {MARKED}",
    "used by another": f"@{MARKED}\n{KEPT_BACK}\n\n\nKEEP = test_kept_back",
}


@pytest.mark.parametrize("way", WAYS)
def test_what_may_be_hidden_in_a_way_that_is_not_understood_is_refused(way: str) -> None:
    suite = f"{SUITE}\n\n{WAYS[way]}\n"
    sources = {"test_x": suite, "helpers": HELPERS, "book": BOOK}
    with pytest.raises(CannotRelease) as refused:
        for_a_class(sources, ["test_x"])
    file, _, line = str(refused.value).partition(":")[0].partition(", line ")
    assert file == "tests/exercises/test_x.py"
    assert int(line) > SUITE.count("\n")
    assert for_a_class(sources, ["test_x"], with_hidden=True)["test_x"] == suite


def test_a_criterion_that_waits_can_be_hidden() -> None:
    waits = SUITE.replace("def test_kept_back", "async def test_kept_back")
    given = for_a_class({"test_x": waits, "helpers": HELPERS, "book": BOOK}, ["test_x"])
    assert "kept_back" not in given["test_x"]
