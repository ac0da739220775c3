"""The runs themselves: a notebook that shows something else, or fails, is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exercises.grading.lesson.build import write
from exercises.grading.lesson.source import KERNEL, Notebook
from tests.lessons.filled_in import CHECKED
from tests.lessons.runs import nbval, run


def notebook(source: str, shown: str) -> Notebook:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "only",
        "metadata": {},
        "execution_count": 1,
        "source": source,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": shown}],
    }
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def test_what_was_committed_is_accepted(tmp_path: Path) -> None:
    write(notebook("print('same')", "same\n"), file := tmp_path / "lesson.ipynb")
    assert nbval(file, "--nbval").returncode == 0


def test_another_output_is_refused(tmp_path: Path) -> None:
    write(notebook("print('now')", "then\n"), file := tmp_path / "lesson.ipynb")
    assert nbval(file, "--nbval").returncode == 1


def test_a_cell_that_fails_is_refused_even_when_outputs_do_not_count(tmp_path: Path) -> None:
    failing = "from exercises.grading.lesson import expect\nwith expect(KeyError):\n    pass"
    write(notebook(failing, ""), file := tmp_path / "lesson.ipynb")
    assert nbval(file, "--nbval-lax").returncode == 1


def test_an_answer_that_is_not_right_is_refused(tmp_path: Path) -> None:
    checked = "from exercises.grading.lesson.practice import practice\n\n\n"
    checked += "@practice('gap', to_do='fill it')\ndef _():\n    assert False, 'it is not so.'"
    write(notebook(f"{CHECKED}\n{checked}", "gap · right\n"), file := tmp_path / "lesson.ipynb")
    assert nbval(file, "--nbval-lax").returncode == 1


def test_the_authors_tool_writes_the_same_at_every_run(tmp_path: Path) -> None:
    file = tmp_path / "lesson.ipynb"
    first = run(
        notebook("import sys\nprint('a')\nprint('b')\nsys.version_info >= (3, 11)", ""), file
    )
    content = file.read_bytes()
    run(first, file)
    assert file.read_bytes() == content


def test_the_authors_tool_leaves_the_file_alone_when_a_cell_fails(tmp_path: Path) -> None:
    file = tmp_path / "lesson.ipynb"
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        run(notebook("1 / 0", "kept\n"), file)
    assert "kept" in file.read_text("utf-8")
