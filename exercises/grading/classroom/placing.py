"""Where a learner's file is put: written whole or not at all, and nothing that is there is lost."""

from __future__ import annotations

import os
from pathlib import Path
from unicodedata import normalize

from exercises.grading.plain import one_line

LONGEST_NAME = 60
"""Characters; a file system counts bytes, and takes 255 of them."""


def put(content: bytes, changed: float, file: Path) -> str:
    """Writes the file, and says what that meant for one that was there: it is kept beside."""
    file.parent.mkdir(parents=True, exist_ok=True)
    note, target = "new", file
    if file.exists():
        if file.read_bytes() == content:
            return "unchanged"
        if changed < file.stat().st_mtime:
            target = _free(file)
            note = f"older than what is there; kept as {target.name}"
        else:
            aside = _free(file)
            file.rename(aside)
            note = f"in place of an earlier one, kept as {aside.name}"
    draft = file.with_name(f".{file.name}.draft")
    draft.write_bytes(content)
    os.utime(draft, (changed, changed))
    draft.replace(target)
    return note


def folder_name(learner: str) -> str:
    """The learner's name as the name of a folder: one step, visible, and no trick.

    Composed (NFC), for some systems write the same name in one way and some in the other.
    """
    name = one_line(normalize("NFC", learner)).replace("/", "-").replace("\\", "-").strip()
    if len(name) > LONGEST_NAME:
        name = f"{name[:40]}…{name[-19:]}"  # the number that tells namesakes apart comes last
    return name if name and not name.startswith(".") else f"learner {name}"


def _free(file: Path) -> Path:
    number = 1
    while (kept := file.with_name(f"{file.name}.earlier-{number}")).exists():
        number += 1
    return kept
