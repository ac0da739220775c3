"""What a class sees of the suites: all but hidden criteria and what only they need.

    @pytest.mark.criterion("…", points=8, spec=["R3"], lesson="model", visible=False)

leaves a suite with its imports, constants and helpers, also those in modules beside it, unless
something visible uses them too. Files that nothing is taken from stay as they are, byte for byte.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from exercises.grading.classroom.doubtful import marker_calls, refuse_doubtful

PACKAGE = "tests.exercises"
LONGEST_LINE = 100

Name = tuple[str, str]
"""A module of the package, and a name that is bound at its top level."""


@dataclass
class Definition:
    """A statement that binds names, or one of the names that an import statement binds."""

    statement: ast.stmt
    uses: set[Name] = field(default_factory=set)
    hidden: bool = False


def for_a_class(
    sources: Mapping[str, str], suites: Iterable[str], *, with_hidden: bool = False
) -> dict[str, str]:
    """The modules that a class gets.

    Args:
        sources: module name, such as `test_06_queries`, → source, of the whole package.
        suites: names of the suites that the class gets.
        with_hidden: leave hidden criteria in.

    Returns:
        the same for these suites and the modules that they import, without what is hidden.

    Raises:
        CannotRelease: it is not plain of something that it is not hidden.
    """
    trees = {name: ast.parse(source) for name, source in sources.items()}
    definitions = {
        key: each for name, tree in trees.items() for key, each in _definitions(name, tree, trees)
    }
    hidden = [key for key, each in definitions.items() if each.hidden and not with_hidden]
    suspects = _reached(hidden, definitions)
    dropped = suspects - _reached(definitions.keys() - suspects, definitions)
    kept = {key: each for key, each in definitions.items() if key not in dropped}
    modules = _modules(suites, kept)
    if not with_hidden:
        for name in modules:
            left = [each.statement for key, each in kept.items() if key[0] == name]
            refuse_doubtful(f"{PACKAGE.replace('.', '/')}/{name}.py", left)
    return {
        name: _without(sources[name], trees[name], {key[1] for key in dropped if key[0] == name})
        for name in modules
    }


def hidden_criteria(suite: str) -> list[str]:
    """The ids of the hidden criteria in the source of a suite."""
    body = ast.parse(suite).body
    return [name.removeprefix("test_") for s in body if _is_hidden(s) for name in _bound(s)]


def _definitions(
    module: str, tree: ast.Module, trees: Mapping[str, ast.Module]
) -> Iterator[tuple[Name, Definition]]:
    beside = dict(_modules_imported(tree, trees))
    for statement in tree.body:
        names = list(_bound(statement)) or [f"line {statement.lineno}"]
        for name in names:
            found = Definition(statement, hidden=_is_hidden(statement))
            if isinstance(statement, ast.ImportFrom):
                found.uses = set(_imported(statement, name, trees))
            elif not isinstance(statement, ast.Import):
                found.uses = set(_used(statement, module, beside))
            yield (module, name), found


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.split(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for node in (node for target in targets for node in ast.walk(target)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _modules_imported(
    tree: ast.Module, trees: Mapping[str, ast.Module]
) -> Iterator[tuple[str, str]]:
    """Under which names this module knows which whole modules of the package."""
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == PACKAGE:
            for alias in statement.names:
                if alias.name in trees:
                    yield alias.asname or alias.name, alias.name


def _imported(
    statement: ast.ImportFrom, name: str, trees: Mapping[str, ast.Module]
) -> Iterator[Name]:
    module = (statement.module or "").removeprefix(f"{PACKAGE}.")
    for alias in statement.names:
        if (alias.asname or alias.name) == name and module in trees:
            yield module, alias.name


def _used(statement: ast.stmt, module: str, beside: Mapping[str, str]) -> Iterator[Name]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            yield module, node.id
        elif isinstance(node, ast.arg):
            yield module, node.arg  # a fixture is asked for by the name of an argument
        elif isinstance(node, ast.Attribute) and isinstance(owner := node.value, ast.Name):
            yield beside.get(owner.id, ""), node.attr


def _is_hidden(statement: ast.stmt) -> bool:
    """Whether it is a criterion that is not plainly visible."""
    return any(
        keyword.arg == "visible" and ast.unparse(keyword.value) != "True"
        for marker in marker_calls(statement)
        for keyword in marker.keywords
    )


def _reached(start: Iterable[Name], definitions: Mapping[Name, Definition]) -> set[Name]:
    found: set[Name] = set()
    waiting = list(start)
    while waiting:
        key = waiting.pop()
        if key in definitions and key not in found:
            found.add(key)
            waiting += definitions[key].uses
    return found


def _modules(suites: Iterable[str], kept: Mapping[Name, Definition]) -> list[str]:
    """The suites and whatever they import of the package, however far away."""
    found: set[str] = set()
    waiting = list(suites)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            for (owner, name), each in kept.items():
                if owner == module and isinstance(each.statement, ast.ImportFrom):
                    waiting += [used for used, _ in each.uses]
                    if each.statement.module == PACKAGE:
                        waiting += [a.name for a in each.statement.names if a.name == name]
    return sorted(found)


def _without(source: str, tree: ast.Module, names: set[str]) -> str:
    """The source without the statements that bind these names."""
    lines = source.splitlines(keepends=True)
    for index, statement in reversed(list(enumerate(tree.body))):
        bound = set(_bound(statement))
        if not bound & names:
            continue
        if isinstance(statement, ast.Import | ast.ImportFrom) and bound - names:
            statement.names = [
                a for a in statement.names if (a.asname or a.name.split(".")[0]) not in names
            ]
            lines[statement.lineno - 1 : statement.end_lineno] = [_import(statement)]
        elif bound <= names:
            _cut(lines, *_span(tree.body, index, lines))
    return "".join(lines).rstrip("\n") + "\n"


def _span(body: list[ast.stmt], index: int, lines: list[str]) -> tuple[int, int]:
    """First line, and the one after the last: with decorators, comments above, text below."""
    statement = body[index]
    first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
    start, end = first - 1, statement.end_lineno or statement.lineno
    while start and lines[start - 1].startswith("#"):
        start -= 1
    after = body[index + 1] if index + 1 < len(body) else None
    if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(after, ast.Expr):
        end = after.end_lineno or end
    return start, end


def _cut(lines: list[str], start: int, end: int) -> None:
    """Takes lines out; of the blank ones around them, the longer run stays."""
    before = after = 0
    while start - before > 0 and not lines[start - before - 1].strip():
        before += 1
    while end + after < len(lines) and not lines[end + after].strip():
        after += 1
    lines[start - before : end + after] = ["\n"] * max(before, after)


def _import(statement: ast.stmt) -> str:
    line = ast.unparse(statement)
    if len(line) <= LONGEST_LINE or not isinstance(statement, ast.ImportFrom):
        return line + "\n"
    head = f"from {'.' * statement.level}{statement.module or ''} import (\n"
    names = [ast.unparse(alias) for alias in statement.names]
    return head + "".join(f"    {name},\n" for name in names) + ")\n"
