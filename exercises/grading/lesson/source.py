"""Lessons as plain text, to write and to review them; what is committed is the notebook alone.

    # %% facts
    {"number": "06", "question": "…", …}          JSON: the metadata, see `facts.Lesson`
    # %% markdown header
    # Why does the orders page take 101 queries?
    # %% code set-up collapsed
    from exercises.grading.lesson import open_lesson
    # %% code verdict nbval-ignore-output
    check("06")

A cell starts with `# %%`, its kind and its id; whatever follows is a tag, but `collapsed` folds the
input away. `python -m exercises.grading.lesson.build` goes both ways.
"""

from __future__ import annotations

import json
from typing import Any

from exercises.grading.lesson.facts import KEY, BrokenLesson

MARK = "# %% "
COLLAPSED = "collapsed"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}

Notebook = dict[str, Any]
"""A notebook as its JSON says it."""


def from_text(text: str) -> Notebook:
    """The notebook, without outputs.

    Raises:
        BrokenLesson: the text does not start with the facts, or a cell has no kind or id.
    """
    first, *chunks = text.lstrip().removeprefix(MARK).split(f"\n{MARK}")
    head, _, facts = first.partition("\n")
    if head.strip() != "facts":
        raise BrokenLesson(f"The text has to start with “{MARK}facts”.")
    return {
        "cells": [_cell(chunk) for chunk in chunks],
        "metadata": {
            KEY: json.loads(facts),
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def to_text(notebook: Notebook) -> str:
    """The text that gives this notebook again."""
    facts = json.dumps(notebook["metadata"][KEY], ensure_ascii=False, indent=1)
    cells = [f"{_head(cell)}\n{source_of(cell)}" for cell in notebook["cells"]]
    return "\n".join([f"{MARK}facts", facts, *cells]) + "\n"


def source_of(cell: dict[str, Any]) -> str:
    """The cell's text, which the file format may keep as a list of lines."""
    source: str | list[str] = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _cell(chunk: str) -> dict[str, Any]:
    head, _, source = chunk.partition("\n")
    kind, *words = head.split()
    if kind not in ("markdown", "code") or not words:
        raise BrokenLesson(f"“{MARK}{head}” is not “{MARK}markdown ID” or “{MARK}code ID TAGS”.")
    tags = [word for word in words[1:] if word != COLLAPSED]
    metadata: dict[str, Any] = {"tags": tags} if tags else {}
    if COLLAPSED in words[1:]:
        metadata["jupyter"] = {"source_hidden": True}
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": words[0],
        "metadata": metadata,
        "source": source.strip(),
    }
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def _head(cell: dict[str, Any]) -> str:
    metadata = cell["metadata"]
    words = [cell["cell_type"], cell["id"], *metadata.get("tags", [])]
    if metadata.get("jupyter", {}).get("source_hidden"):
        words.append(COLLAPSED)
    return MARK + " ".join(words)
