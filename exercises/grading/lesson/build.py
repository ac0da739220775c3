"""The author's tool: runs a lesson and writes it with its outputs, the same at every run.

    python -m exercises.grading.lesson.build lessons/06_queries.ipynb
        runs it in place
    python -m exercises.grading.lesson.build lessons/06_queries.ipynb --unpack /tmp/06.txt
        writes its text, without outputs, to work on it
    python -m exercises.grading.lesson.build lessons/06_queries.ipynb --pack /tmp/06.txt
        makes the notebook of the text, and runs it

How a lesson is made: write the text (its form is told in `source`, its facts in
`facts`), pack it, read the result in JupyterLab, then `pytest tests/lessons -k 06`.
Conventions that the tests follow: the first cell of a section has the section's name as its id
(`header`, `pre-check`, `set-up`, …; criteria of the suite name them in `lesson=`); the answer to
the gap in cell `practice-1` is the Python fence of Markdown cell `practice-1-answer`, folded in
`<details>`; `predict("q1", "?")` leaves the letter to the learner.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from exercises.grading.lesson.facts import KEY
from exercises.grading.lesson.source import KERNEL, Notebook, from_text, to_text

CELL_SECONDS = 60


def run(notebook: Notebook, folder: Path) -> Notebook:
    """The notebook with the outputs of a run from top to bottom, in a kernel of its own.

    Args:
        notebook: what to run; it is left as it is.
        folder: the kernel's working directory.

    Raises:
        CellExecutionError: a cell failed, or took longer than a minute.
    """
    node = _node(notebook)
    NotebookClient(
        node,
        timeout=CELL_SECONDS,
        kernel_name=KERNEL["name"],
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    return cleaned(node)


def cleaned(notebook: Notebook) -> Notebook:
    """Without what differs from machine to machine: versions, timings, widths."""
    facts = {KEY: notebook["metadata"][KEY]} if KEY in notebook["metadata"] else {}
    return {
        "cells": [_cell(cell) for cell in notebook["cells"]],
        "metadata": {**facts, "kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def write(notebook: Notebook, file: Path) -> None:
    """Writes the notebook whole or not at all, lines of text as lines of the file."""
    text: str = nbformat.v4.writes(_node(notebook), ensure_ascii=False)  # type: ignore[no-untyped-call]
    draft = file.with_name(f".{file.name}.{uuid4().hex}")
    draft.write_text(text.rstrip("\n") + "\n", "utf-8")
    draft.replace(file)


def _node(notebook: Notebook) -> Any:
    return nbformat.reads(json.dumps(notebook), as_version=4)  # type: ignore[no-untyped-call]


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    kept = {key: cell["metadata"][key] for key in ("tags", "jupyter") if key in cell["metadata"]}
    return {**cell, "metadata": kept}


def main() -> None:
    parser = argparse.ArgumentParser(prog="build", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("notebook", type=Path)
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--pack", type=Path, metavar="TEXT", help="make it of this text, then run it")
    way.add_argument("--unpack", type=Path, metavar="TEXT", help="write its text there")
    asked = parser.parse_args()
    file: Path = asked.notebook
    if asked.pack:
        write(from_text(asked.pack.read_text("utf-8")), file)
    notebook: Notebook = json.loads(file.read_text("utf-8"))
    if asked.unpack:
        asked.unpack.write_text(to_text(notebook), "utf-8")
        return
    try:
        write(run(notebook, file.parent), file)
    except CellExecutionError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
