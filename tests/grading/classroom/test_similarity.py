"""`dojo similarity`: copies are found however they are dressed up; independent work is not."""

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exercises.grading.catalog import Exercise, exercises, find_exercise
from exercises.grading.classroom.fingerprints import RUN, WINDOW, fingerprints
from exercises.grading.classroom.similarity import REFERENCE, SOLUTION, Close, Pair, compare
from exercises.grading.cli import app

CACHE = find_exercise("16")
STARTER = CACHE.starter_file.read_text("utf-8")
OTHER = CACHE.reference_file.read_text("utf-8")
WORK = CACHE.solution_file.read_text("utf-8")
"""Somebody's work; what the reference is for the tests is another's."""


def hand_in(folder: Path, files: dict[str, str | bytes]) -> Path:
    for learner, source in files.items():
        file = folder / learner / CACHE.slug / CACHE.file_name
        file.parent.mkdir(parents=True)
        file.write_bytes(source.encode() if isinstance(source, str) else source)
    return folder


def found(close: Close, left: str, right: str) -> Pair | None:
    return next((p for p in close.pairs if {p.left, p.right} == {left, right}), None)


def renamed(source: str) -> str:
    """Every name that the file itself makes up, by another one."""
    tree = ast.parse(source)
    own = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} - {"self"}
    own |= {
        n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr.startswith("_")
    }
    for name in own:
        source = re.sub(rf"\b{re.escape(name)}\b", f"{name}_of_mine", source)
    return source


def reordered(source: str) -> str:
    """Functions and methods in the opposite order; comments and form are gone as well."""
    tree = ast.parse(source)
    bodies = [tree.body, *(n.body for n in ast.walk(tree) if isinstance(n, ast.ClassDef))]
    for body in bodies:
        moved = [n for n in body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        for index in [i for i, n in enumerate(body) if n in moved]:
            body[index] = moved.pop()
    return ast.unparse(tree)


def retold(source: str) -> str:
    """Other comments, other texts, blank lines, other numbers of spaces."""
    lines = [
        f"{line}  # as I understand it" if line.endswith(":") else line
        for line in source.splitlines()
    ]
    return re.sub(r'"""[^"]*"""', '"""My own words."""', "\n\n".join(lines)).replace("    ", "  ")


DISGUISES: dict[str, Callable[[str], str]] = {
    "none": lambda source: source,
    "renamed": renamed,
    "reordered and formatted anew": reordered,
    "comments, texts and blank lines": retold,
    "padded": lambda source: source + "\n\n" + OTHER.replace("class UserCache", "class Unused"),
    "renamed and reordered": lambda source: renamed(reordered(source)),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_copy_is_found_however_it_is_dressed_up(disguise: str, tmp_path: Path) -> None:
    folder = hand_in(tmp_path, {"ada": WORK, "eve": DISGUISES[disguise](WORK)})
    pair = found(compare(folder, CACHE, 0.5), "ada", "eve")
    assert pair is not None
    assert pair.share > 0.7
    assert pair.passages


@pytest.mark.parametrize("exercise", exercises(), ids=lambda each: each.slug)
def test_independent_answers_are_not_close(exercise: Exercise, tmp_path: Path) -> None:
    file = tmp_path / "ada" / exercise.slug / exercise.file_name
    file.parent.mkdir(parents=True)
    file.write_bytes(exercise.solution_file.read_bytes())
    close = compare(tmp_path, exercise, 0.0)
    to_reference = found(close, "ada", REFERENCE)
    to_solution = found(close, "ada", SOLUTION)
    assert to_reference is None or to_reference.share < 0.4
    assert to_solution is not None
    assert to_solution.share == 1.0


def test_the_starters_code_does_not_count(tmp_path: Path) -> None:
    folder = hand_in(
        tmp_path, {"ada": STARTER, "ben": renamed(STARTER), "cleo": STARTER + "\nx = 1\n"}
    )
    close = compare(folder, CACHE, 0.0)
    assert close.pairs == ()
    assert {"ada", "ben"} <= set(close.unchanged)


def test_passages_name_the_lines_of_both(tmp_path: Path) -> None:
    shifted = "# one line more\n" * 30 + WORK
    pair = found(
        compare(hand_in(tmp_path, {"ada": WORK, "eve": shifted}), CACHE, 0.5), "ada", "eve"
    )
    assert pair is not None
    for passage in pair.passages:
        assert [line + 30 for line in passage.left] == list(passage.right)
    assert max(passage.tokens for passage in pair.passages) > 100


def test_what_two_files_share_is_found_from_its_guaranteed_length_on() -> None:
    shared = "; ".join(f"a.b{n}(c)" for n in range(20))
    tokens = len(fingerprints(shared.encode()).lines)
    assert tokens >= RUN + WINDOW - 1
    left = fingerprints(f"if x:\n    y = z.w\n{shared}\n".encode())
    right = fingerprints(f"for q in p.o:\n    k.l()\n{shared}\nm.n()\n".encode())
    assert left.kept.keys() & right.kept.keys()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f(a, b)", "f(\n    a,\n    b,\n)"),
        ("def f():\n    return 1", 'def f():\n    """Says what."""\n    return 1'),
        ("x = 1\ny = 2", "x = 1  # one\n\n\ny = 2"),
        ("x = 'a'", 'x = "b"'),
    ],
)
def test_form_comments_and_texts_are_no_difference(one: str, other: str) -> None:
    rest = "\n" + "\n".join(f"a.b{n}(c)" for n in range(20))
    left, right = fingerprints((one + rest).encode()), fingerprints((other + rest).encode())
    assert left.runs == right.runs


HOSTILE = {
    "no grammar": b"def f(:\n  x = (((\n",
    "binary": bytes(range(256)) * 100,
    "null bytes": b"x = 1\n\x00\x00\n",
    "half a character": b"x = '\xff\xfe'\n",
    "another coding": b"# coding: latin-1\nx = '\xe4'\n",
    "unknown coding": b"# coding: nonsense\nx = 1\n",
    "deep": b"(" * 50_000,
    "one line": b"x = " + b"1 + " * 60_000 + b"1",
    "open text": b'x = """' + b"y" * 200_000,
    "bad indent": b"if x:\n        y\n    z\n",
}


def test_hostile_files_crash_nothing_and_hide_no_pair(tmp_path: Path) -> None:
    folder = hand_in(tmp_path, {"ada": WORK, "eve": renamed(WORK), **HOSTILE})
    close = compare(folder, CACHE, 0.5)
    assert found(close, "ada", "eve") is not None
    assert close.files == len(HOSTILE) + 2


def test_code_after_a_syntax_error_cannot_hide_what_comes_before(tmp_path: Path) -> None:
    folder = hand_in(tmp_path, {"ada": WORK, "eve": WORK + "\n\x00 ((("})
    pair = found(compare(folder, CACHE, 0.5), "ada", "eve")
    assert pair is not None
    assert pair.share > 0.9


def test_the_command_ranks_pairs_and_says_what_they_mean(tmp_path: Path) -> None:
    folder = hand_in(tmp_path, {"ada": WORK, "eve\x1b[2J": renamed(WORK), "ben": STARTER})
    run = CliRunner().invoke
    told = run(app, ["similarity", str(folder), "--exercises", "16"])
    assert told.exit_code == 0
    assert "not a proof" in told.output
    assert "\x1b[2J" not in told.output
    content = json.loads(
        run(app, ["similarity", str(folder), "--exercises", "16", "--json"]).output
    )
    shares = [pair["share"] for pair in content["pairs"]]
    assert shares == sorted(shares, reverse=True)
    assert {"ada", SOLUTION} in [{pair["left"], pair["right"]} for pair in content["pairs"]]
    assert content["unchanged"] == ["ben"]
