"""Puts a function written in a lesson's cell into a module, in the place of the one there."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any


def splice(module: str, name: str, function: str | Callable[..., Any]) -> str:
    """The module's source with one function replaced.

    Args:
        module: source code.
        name: which function: `load`, or `UserCache.get` for a method.
        function: the one to put there, or its source; it keeps the name of the one it replaces.

    Raises:
        LookupError: the module has no such function.
    """
    old = _find(module, name)
    lines = module.splitlines()
    first = min([old.lineno, *(each.lineno for each in old.decorator_list)])
    new = textwrap.indent(_renamed(function, old.name), " " * old.col_offset).splitlines()
    return "\n".join([*lines[: first - 1], *new, *lines[old.end_lineno :]]) + "\n"


def function_source(module: str, name: str) -> str:
    """The source of one function or class of a module, not indented.

    Raises:
        LookupError: the module has no such function or class.
    """
    node = _find(module, name)
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return textwrap.dedent("\n".join(module.splitlines()[first - 1 : node.end_lineno]))


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _find(module: str, name: str) -> Definition:
    body: list[ast.stmt] = ast.parse(module).body
    found: Definition | None = None
    for part in name.split("."):
        found = next(
            (node for node in body if isinstance(node, Definition) and node.name == part), None
        )
        if found is None:
            raise LookupError(f"There is no {name} in that module.")
        body = found.body
    if found is None:
        raise LookupError("An empty name names no function.")
    return found


def _renamed(function: str | Callable[..., Any], name: str) -> str:
    source = function if isinstance(function, str) else inspect.getsource(function)
    source = textwrap.dedent(source).strip("\n")
    return re.sub(r"\bdef \w+\(", f"def {name}(", source, count=1)
