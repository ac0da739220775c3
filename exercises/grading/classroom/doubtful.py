"""What no release may hold: a criterion of which it is not plain that a class may see it.

Hidden criteria are found by how they are written, which can be done in other ways too: with the
marker under another name, in a class, with keywords out of a dict. Such a suite works, and grades;
it is no more cut right. So what is left after the cut is looked at once more, and one doubt is
enough for there to be no release.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

PLAIN = 'as a function at the top of the file, with @pytest.mark.criterion("…", points=…, …)'


class CannotRelease(ValueError):
    """The release cannot be made; the message says why, and what to do."""


def marker_calls(statement: ast.stmt) -> list[ast.Call]:
    """The markers of a criterion that is written as criteria are; none for anything else."""
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return []
    return [
        each
        for each in statement.decorator_list
        if isinstance(each, ast.Call) and ast.unparse(each.func).endswith("mark.criterion")
    ]


def refuse_doubtful(file: str, statements: list[ast.stmt]) -> None:
    """Looks at what a class would get of a file, by its statements.

    Raises:
        CannotRelease: a hidden criterion may be among it.
    """
    for statement in statements:
        for line, doubt in _doubts(statement):
            raise CannotRelease(
                f"{file}, line {line}: {doubt}. It may be a hidden criterion, so nothing was made."
            )


def _doubts(statement: ast.stmt) -> Iterator[tuple[int, str]]:
    """Line and reason, for each part of the statement that is not plain."""
    markers = marker_calls(statement)
    for call in markers:
        if any(keyword.arg is None for keyword in call.keywords):
            yield call.lineno, "`**` in a marker may hold anything; write the keywords out"
    for name in _bound_tests(statement):
        if not markers:
            yield statement.lineno, f"{name} is no plain criterion; write it {PLAIN}"
    understood = {id(statement), *(id(each.func) for each in markers)}
    for node in ast.walk(statement):
        if id(node) not in understood:
            line = getattr(node, "lineno", statement.lineno)
            yield from ((line, doubt) for doubt in _doubts_about(node))


def _doubts_about(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.keyword(arg="visible", value=ast.Constant(value=True)):
            pass
        case ast.keyword(arg="visible"):
            yield "`visible` is not plainly True"
        case ast.Constant(value="visible"):
            yield "`visible` is set outside of a marker; write it there"
        case (
            ast.Name(id="criterion")
            | ast.Attribute(attr="criterion")
            | ast.Constant(value="criterion")
            | ast.alias(name="criterion")
        ):
            yield f"the marker of a criterion is not over a function; write it {PLAIN}"
        case ast.stmt():
            for name in _bound_tests(node):
                yield f"{name} is not at the top of the file; write it {PLAIN}"


def _bound_tests(statement: ast.stmt) -> Iterator[str]:
    """Names that pytest takes for tests, or for classes of them, if they are at the top."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        names = [statement.name]
    elif isinstance(statement, ast.Assign):
        names = [each.id for each in statement.targets if isinstance(each, ast.Name)]
    else:
        names = []
    yield from (name for name in names if name.startswith(("test_", "Test")))
