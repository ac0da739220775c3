"""Which modules lead to others: they have to be imported anew when those are replaced.

from reference_app.security.tokens import Tokens     in `application.py`: it leads to `tokens`,
from reference_app.application import create_app     and so does every module that says this
"""

import builtins
import contextlib
import importlib
import sys
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from types import ModuleType

Imports = Mapping[str, set[str]]
"""For each module the names that it imported, those of attributes of modules among them."""


def import_and_record(module: str) -> Imports:
    """Import a module, and answer who imported what on the way.

    One that cannot be imported is left to whoever needs it, and is told why then.
    """
    found: dict[str, set[str]] = defaultdict(set)
    plain_import = builtins.__import__

    def recording_import(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the names of the builtin
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        importer = str((globals or {}).get("__name__"))
        found[importer] |= {name, *(f"{name}.{attribute}" for attribute in fromlist or ())}
        return plain_import(name, globals, locals, fromlist or (), level)

    builtins.__import__ = recording_import
    try:
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    finally:
        builtins.__import__ = plain_import
    return found


def leading_to(modules: Collection[str], imports: Imports) -> set[str]:
    """The modules that imported one of `modules`, directly or not, and `modules` themselves."""
    found = set(modules)
    while more := {name for name, named in imports.items() if named & found} - found:
        found |= more
    return found


def forget(modules: Collection[str]) -> None:
    """Have the next `import` of these modules, where they are imported, run their source again."""
    for name in modules & sys.modules.keys():
        del sys.modules[name]
        package, _, own_name = name.rpartition(".")
        delattr(sys.modules[package], own_name)
