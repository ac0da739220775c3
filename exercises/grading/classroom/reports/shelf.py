"""The folder that reports are put into: whole files only, and nobody else's are touched."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

LIST = ".written"
"""Names the files that were put here, one a line. A name is listed before its file is there, so
that a run which is killed leaves nothing behind that the next one would take for a stranger's."""


class NotOurs(Exception):
    """A file is in the way that was not put here by us; the message says which."""


class Shelf:
    """Reports in a folder; it is made when the first one comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: list[str] = []
        self.removed: list[str] = []
        try:
            self._ours = set((folder / LIST).read_text("utf-8").splitlines())
        except FileNotFoundError:
            self._ours = set()

    def put(self, name: str, chunks: Iterable[str], encoding: str = "utf-8") -> None:
        """Writes a file piece by piece beside its place, and then puts it there at once.

        Args:
            name: relative to the folder, with `/` between folders.
            chunks: the content. Should one of them raise, what was there before stays.

        Raises:
            NotOurs: a file of that name is there that was not put there by this class.
        """
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        self._claim(name)
        part = place.with_name(f".{place.name}.{os.getpid()}.part")
        try:
            with part.open("w", encoding=encoding, newline="") as file:
                file.writelines(chunks)
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)
        self.written.append(name)

    def remove_others(self, folder: str) -> None:
        """Removes what earlier runs put into a folder and this one did not."""
        gone = self._ours - set(self.written)
        for name in sorted(gone):
            if name.startswith(f"{folder}/") and (self.folder / name).exists():
                (self.folder / name).unlink()
                self.removed.append(name)

    def _claim(self, name: str) -> None:
        if name in self._ours:
            return
        if os.path.lexists(self.folder / name):
            raise NotOurs(
                f"{self.folder / name} is in the way: `dojo feedback` did not write it and does "
                "not replace it. Move it elsewhere and run this again."
            )
        with (self.folder / LIST).open("a", encoding="utf-8") as listed:
            listed.write(f"{name}\n")
        self._ours.add(name)
