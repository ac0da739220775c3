"""Where in a lesson something is told, in the words a reader sees there."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path


@cache
def heading(lesson: Path, cell_id: str) -> str:
    """The heading that stands at or above a cell of a lesson; the cell's id when there is none."""
    found = cell_id
    try:
        cells = json.loads(lesson.read_text("utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return found
    for cell in cells:
        if cell["cell_type"] == "markdown":
            lines = "".join(cell["source"]).splitlines()
            titles = [line.lstrip("#").strip() for line in lines if line.startswith("#")]
            found = titles[0] if titles else found
        if cell.get("id") == cell_id:
            break
    return found
