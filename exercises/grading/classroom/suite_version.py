"""Which judge gave a mark: a hash of everything that can change a verdict.

That is the suite with the modules it imports, the service, the exercise's settings, and what of
the engine takes part in judging. A new page of feedback changes none of it, and no mark.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

import reference_app
from exercises.grading.catalog import Exercise, find_exercise
from exercises.grading.places import ROOT

JUDGE = Path(__file__).with_name("worker.py")
OURS = ("exercises", "tests")
SHOWN_DIGITS = 16


def suite_version(exercise: Exercise) -> str:
    """The first hexadecimal digits of the hash; the files are read once in a process."""
    return _version(exercise.slug)


@cache
def _version(slug: str) -> str:
    exercise = find_exercise(slug)
    files = {*imported_by(exercise.suite, JUDGE), *_service(), exercise.folder / "exercise.toml"}
    digest = sha256()
    for file in sorted(files):
        content = sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(ROOT).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:SHOWN_DIGITS]


def imported_by(*files: Path) -> set[Path]:
    """These files and what of the project they import, directly or not; the service left out."""
    found: set[Path] = set()
    ahead = list(files)
    while ahead:
        file = ahead.pop()
        if file not in found:
            found.add(file)
            ahead += _found(_imports(ast.parse(file.read_bytes())))
    return found


@cache
def _service() -> tuple[Path, ...]:
    root = Path(reference_app.__file__).parent
    return tuple(f for f in root.rglob("*") if f.is_file() and f.parent.name != "__pycache__")


def _imports(module: ast.Module) -> Iterator[str]:
    """Dotted names that may be modules; inside functions too."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _found(names: Iterable[str]) -> Iterator[Path]:
    """The files of those modules, and of the packages around them."""
    for name in names:
        parts = name.split(".")
        if parts[0] not in OURS:
            continue
        for length in range(1, len(parts) + 1):
            path = ROOT.joinpath(*parts[:length])
            yield from filter(Path.is_file, (path.with_suffix(".py"), path / "__init__.py"))
