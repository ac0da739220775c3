"""Conditional requests: what has not changed is not sent, what has is not overwritten (R6).

A tag is the digest of the `data` an answer shows, so it changes with whatever is shown: an order's
items and the name of its customer included, which no `updated_at` of the order would tell.

The tag is strong, although `meta` differs from answer to answer: If-Match compares strongly
(RFC 9110 section 13.1.1), a weak tag could never guard a write, and nobody puts byte ranges of two
answers together here. `PUT` answers without a tag, because what it stored is not what was sent
(section 9.3.4).
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Response, status
from pydantic.json_schema import WithJsonSchema
from pydantic_core import to_json

from reference_app.api.envelope import Success
from reference_app.errors import Conflict, InvalidInput, PreconditionFailed

T = TypeVar("T")

TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
ANY = "*"

Tags = Annotated[
    list[str],
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r'^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$',
            "maxLength": 1000,
            "examples": ['"5f3a"'],
        }
    ),
]
"""One header or several, which are one list (RFC 9110 section 5.3)."""

REVALIDATE = "private, no-cache"
"""A browser may keep its owner's answers, and has to ask each time whether they still hold."""


def tag_of(shown: object) -> str:
    """The entity tag of what an answer shows."""
    return f'"{hashlib.blake2b(to_json(shown), digest_size=12).hexdigest()}"'


def tagged(shown: object) -> dict[str, str]:
    """The headers that let a caller ask again, or write, under a condition."""
    return {"ETag": tag_of(shown), "Cache-Control": REVALIDATE}


class Reading:
    """A GET, which may say what its caller has already."""

    def __init__(self, response: Response, known: list[str] | None) -> None:
        self._response = response
        self._known = known

    def answer(self, shown: T) -> Success[T] | Response:
        """`shown` in its envelope and with its tag; 304 when the caller has just that."""
        headers = tagged(shown)
        if self._known is not None and (self._known == [ANY] or headers["ETag"] in self._known):
            return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
        self._response.headers.update(headers)
        return Success(data=shown)


class Writing:
    """A PUT, PATCH or DELETE, which may say what its caller means to change, and what not."""

    def __init__(self, expected: list[str] | None, unwanted: list[str] | None) -> None:
        self._expected = expected
        self._unwanted = unwanted

    @property
    def is_conditional(self) -> bool:
        """Whether there is a condition at all."""
        return self._expected is not None or self._unwanted is not None

    def require(self, current: object) -> None:
        """Raises PreconditionFailed when the caller expects something else, or anything but this.

        To be called with what the transaction that writes has locked: only then are comparing and
        writing one step.
        """
        is_expected = self._expected is None or _include(self._expected, current)
        is_unwanted = self._unwanted is not None and _include(self._unwanted, current)
        if is_unwanted or not is_expected:
            raise PreconditionFailed

    @contextmanager
    def in_time(self) -> Iterator[None]:
        """For a step that raises Conflict when what was read has changed: to a caller who made a
        condition, that is the condition failing, and so PreconditionFailed."""
        try:
            yield
        except Conflict as too_late:
            raise PreconditionFailed if self.is_conditional else too_late from None


async def reading(
    response: Response,
    if_none_match: Annotated[
        Tags | None, Header(description="Tags of what the caller has, or `*`.")
    ] = None,
) -> Reading:
    """What the caller of a GET has already."""
    return Reading(response, _weak_tags(if_none_match))


async def writing(
    if_match: Annotated[
        Tags | None, Header(description="Tags of what the caller means to change, or `*`.")
    ] = None,
    if_none_match: Annotated[
        Tags | None, Header(description="Tags of what the caller does not mean to change, or `*`.")
    ] = None,
) -> Writing:
    """If-Match compares strongly, which a tag with `W/` never passes (RFC 9110 section 13.1.1)."""
    return Writing(_tags("If-Match", if_match), _weak_tags(if_none_match))


ConditionalRead = Annotated[Reading, Depends(reading)]
ConditionalWrite = Annotated[Writing, Depends(writing)]


def _weak_tags(lines: list[str] | None) -> list[str] | None:
    """The tags of If-None-Match: it compares weakly, `W/` does not count (RFC 9110 13.1.2)."""
    tags = _tags("If-None-Match", lines)
    return tags and [tag.removeprefix("W/") for tag in tags]


def _include(tags: list[str], shown: object) -> bool:
    """Whether one of the tags is that of what is shown."""
    return tags == [ANY] or tag_of(shown) in tags


def _tags(name: str, lines: list[str] | None) -> list[str] | None:
    """The tags of a header, or `[ANY]`, or None without one. Raises InvalidInput.

    A condition that cannot be read must not be taken for none: the caller relies on it.
    """
    if lines is None:
        return None
    value = ",".join(lines).strip()
    tags = [ANY] if value == ANY else TAG.findall(value)
    if not tags or (value != ANY and TAG.sub("", value).strip(", \t")):
        raise InvalidInput.of_field(name, 'Must be "*" or tags such as "5f3a", comma separated.')
    return tags
