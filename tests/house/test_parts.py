"""The parts of the service: each is there, explains itself, and keeps its private names private."""

import ast
import re
from pathlib import Path

import pytest

from exercises.grading.catalog import exercises
from exercises.grading.places import ROOT

SERVICE = ROOT / "reference_app"
ROW = re.compile(r"^\| (\d\d) \| [^|]+ \| `([^`]+)` \|", re.MULTILINE)
PARTS = dict(ROW.findall((SERVICE / "README.md").read_text("utf-8")))
MODULES = [path for path in PARTS.values() if not path.startswith("deploy/")]


def public(tree: ast.AST) -> list[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Public classes and functions of a module, and the public methods of these classes."""
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(
            node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and not node.name.startswith("_"):
            found.append(node)
            if isinstance(node, ast.ClassDef):
                found += public(node)
    return found


def test_there_is_one_for_each_exercise_of_the_course() -> None:
    assert sorted(PARTS) == [f"{number:02}" for number in range(1, 28)]
    assert [path for path in PARTS.values() if not (SERVICE / path).is_file()] == []


def test_exercises_take_the_place_of_the_part_of_their_number() -> None:
    for exercise in exercises():
        assert exercise.reference_file == SERVICE / PARTS[exercise.number]


@pytest.mark.parametrize("path", MODULES)
def test_its_interface_is_stated(path: str) -> None:
    tree = ast.parse((SERVICE / path).read_text("utf-8"))
    assert ast.get_docstring(tree), "the module does not say what it is for"
    unexplained = [node.name for node in public(tree) if not ast.get_docstring(node)]
    assert unexplained == []


@pytest.mark.parametrize("file", sorted(SERVICE.rglob("*.py")), ids=lambda file: file.stem)
def test_nobody_uses_what_is_private_to_another_module(file: Path) -> None:
    imports = [
        node
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("reference_app")
    ]
    names = [alias.name for node in imports for alias in node.names]
    assert [name for name in names if re.match(r"_[^_]", name)] == []
