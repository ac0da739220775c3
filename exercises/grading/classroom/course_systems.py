"""Whose file it is: how course systems name what a teacher downloads.

Moodle (`mod_assign\\downloader`), as folders or as files; older ones end in an underscore:
    Ada Lovelace_12345_assignsubmission_file/orders.py
    Ada Lovelace_12345_assignsubmission_file_/orders.py
    Ada Lovelace_12345_assignsubmission_file_orders.py
Canvas (`ContentZipper`); with anonymous grading the name is left out:
    lovelaceada_12345_67890_orders.py       lovelaceada_LATE_12345_67890_orders-1.py
    anon_x7Gf2_67890_orders.py              LATE_anon_x7Gf2_67890_orders.py
Anything else, clones of repositories for instance: the folder or zip is called as the learner.

Which one it is, is decided for a whole download by what lies at its top. Else a learner could call
a file as if it were somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

MOODLE = re.compile(r"(?P<learner>[^_]+(_\d+)?)_assignsubmission_(?P<kind>[a-z]+)(_(?P<file>.*))?")
CANVAS = re.compile(
    r"((?P<name>.+?)(_LATE)?_(?P<id>\d+)|(LATE_)?(?P<anonymous>anon_[^_]+))"
    r"_(?P<attachment>\d+)_(?P<file>.+)"
)


@dataclass(frozen=True)
class Handed:
    """Who handed a file in, and its path among theirs.

    `number` grows with every upload. What was not `uploaded` to a course system is a file of many
    in a folder or clone, and nobody may have meant to hand it in.
    """

    learner: str
    path: PurePosixPath
    number: int = 0
    uploaded: bool = False


class Names:
    """How one download is named; `system` is Moodle, Canvas, or None."""

    def __init__(self, paths: Iterable[PurePosixPath]) -> None:
        paths = list(paths)
        self.wrapper = _wrapper(paths)
        tops = {self._inside(path).parts[0] for path in paths}
        self.system = next(
            (
                name
                for name, form in (("Moodle", MOODLE), ("Canvas", CANVAS))
                if any(form.fullmatch(top) for top in tops)
            ),
            None,
        )

    def handed(self, path: PurePosixPath) -> Handed | None:
        """Whose it is; None when its name does not tell."""
        path = self._inside(path)
        top, rest = path.parts[0], PurePosixPath(*path.parts[1:])
        if self.system == "Moodle":
            found = MOODLE.fullmatch(top)
            if found is None:
                return None
            return Handed(found["learner"], PurePosixPath(found["file"] or "", rest), uploaded=True)
        if self.system == "Canvas":
            found = CANVAS.fullmatch(top)
            if found is None or rest.parts:
                return None
            who = found["anonymous"] or f"{found['name']}_{found['id']}"
            return Handed(
                who, PurePosixPath(found["file"]), int(found["attachment"]), uploaded=True
            )
        if rest.parts:
            return Handed(top, rest)
        return Handed(path.stem, path) if path.suffix.lower() == ".zip" else None

    def _inside(self, path: PurePosixPath) -> PurePosixPath:
        return PurePosixPath(*path.parts[1:]) if self.wrapper else path


def _wrapper(paths: list[PurePosixPath]) -> bool:
    """Whether all lies in one folder that only wraps a course system's files."""
    tops = {path.parts[0] for path in paths}
    inner = {path.parts[1] for path in paths if len(path.parts) > 1}
    named = any(form.fullmatch(name) for name in inner for form in (MOODLE, CANVAS))
    return len(tops) == 1 and all(len(path.parts) > 1 for path in paths) and named
