"""A function of a module is replaced, and nothing else is touched."""

from __future__ import annotations

import pytest

from exercises.grading.lesson.splice import function_source, splice

MODULE = '''"""Doc."""

class Cache:
    @property
    async def size(self) -> int:
        """How many."""
        return 1

    def clear(self) -> None:
        self.gone = True


def size() -> int:
    return 2
'''


async def mine(self: object) -> int:  # noqa: ARG001
    return 7


def test_a_method_is_replaced_with_its_decorators() -> None:
    spliced = splice(MODULE, "Cache.size", mine)
    assert "    async def size(self: object) -> int:  # noqa: ARG001\n        return 7\n" in spliced
    assert "@property" not in spliced
    assert spliced.endswith("def size() -> int:\n    return 2\n")


def test_source_text_will_do_as_well() -> None:
    assert "    return 3\n" in splice(MODULE, "size", "def size() -> int:\n    return 3")


def test_source_is_shown_without_its_indentation() -> None:
    assert function_source(MODULE, "Cache.clear").startswith("def clear(self)")


@pytest.mark.parametrize("name", ["Cache.gone", "gone", "size.clear"])
def test_a_function_that_is_not_there(name: str) -> None:
    with pytest.raises(LookupError):
        splice(MODULE, name, mine)
