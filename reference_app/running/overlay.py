"""Other files in the place of modules: importing `reference_app.errors` runs a learner's file."""

import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

from reference_app.running.dependents import Imports, forget, leading_to


class FreshSource(SourceFileLoader):
    """Compiles the text every time: byte code of a file saved twice in a second may be stale."""

    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class Overlay(MetaPathFinder):
    """Finds the replaced modules, by dotted name, before the regular finders are asked."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The replaced module's spec; its `__file__` is still that of the original."""
        if (file := self._files.get(fullname)) is None:
            return None
        original = PathFinder.find_spec(fullname, path, target)
        place = original.origin if original and original.origin else file
        return spec_from_file_location(fullname, place, loader=FreshSource(fullname, file))


def install(files: Mapping[str, str], imported: Imports) -> None:
    """Let `files` (module name → path) take the place of those modules from now on.

    Of what was `imported` before, the modules that lead to them are forgotten.
    """
    sys.meta_path.insert(0, Overlay(files))
    forget(leading_to(files.keys(), imported))
