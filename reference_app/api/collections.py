"""Lists: page, limit, sort and filters, from the query string to the statement (R3, E2, D8)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, func
from starlette.datastructures import QueryParams

from reference_app.api.envelope import Detail, Listing, Pagination
from reference_app.errors import InvalidInput

T = TypeVar("T")
Statement = TypeVar("Statement", bound=Select[*tuple[Any, ...]])

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_PAGE = 999_999_999
WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class SortKey:
    """One field to sort by."""

    field: str
    descending: bool = False


@dataclass(frozen=True)
class CollectionQuery:
    """What a caller asks of a list, checked: `page` from 1, `limit` 1 to 100, known fields only."""

    page: int
    limit: int
    sort: tuple[SortKey, ...]
    filters: Mapping[str, str]

    @property
    def offset(self) -> int:
        """Rows before the first one of this page."""
        return (self.page - 1) * self.limit


@dataclass(frozen=True)
class Page(Generic[T]):
    """The rows of one page and the number of rows of all pages."""

    items: Sequence[T]
    total_items: int


@dataclass(frozen=True)
class Filter:
    """One parameter to filter by.

    `read` gives back the value to compare with, or raises ValueError with a message for the
    caller; `schema` says the same in the words of the OpenAPI document.
    """

    read: Callable[[str], str]
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Collection:
    """What a list can be asked for: `filters` are by the name of their parameter."""

    sortable: frozenset[str]
    filters: Mapping[str, Filter]
    default_sort: tuple[SortKey, ...] = (SortKey("created_at", descending=True),)

    def parse(self, parameters: QueryParams) -> CollectionQuery:
        """Raises InvalidInput with one detail for each parameter that is wrong."""
        wrong: list[Detail] = []

        def read(name: str, convert: Callable[[str], T], default: T) -> T:
            try:
                return convert(_only(parameters.getlist(name))) if name in parameters else default
            except ValueError as error:
                wrong.append(Detail(field=name, message=str(error)))
                return default

        query = CollectionQuery(
            page=read("page", _page, 1),
            limit=read("limit", _limit, DEFAULT_LIMIT),
            sort=read("sort", self._sort, self.default_sort),
            filters={
                name: read(name, one.read, "")
                for name, one in self.filters.items()
                if name in parameters
            },
        )
        known = {"page", "limit", "sort", *self.filters}
        wrong += [
            Detail(field=name, message="There is no such parameter.")
            for name in dict.fromkeys(parameters)
            if name not in known
        ]
        if wrong:
            raise InvalidInput(details=wrong)
        return query

    def _sort(self, value: str) -> tuple[SortKey, ...]:
        keys = tuple(SortKey(part.removeprefix("-"), part[:1] == "-") for part in value.split(","))
        fields = [key.field for key in keys]
        if not self.sortable.issuperset(fields) or len(set(fields)) < len(fields):
            choices = ", ".join(sorted(self.sortable))
            raise ValueError(f"Sort by each of these at most once: {choices}.")
        return keys


def _only(values: list[str]) -> str:
    if len(values) > 1:
        raise ValueError("Give this parameter once.")
    return values[0]


def _page(value: str) -> int:
    if not WHOLE_NUMBER.fullmatch(value):
        raise ValueError("Must be a whole number from 1.")
    return int(value)


def _limit(value: str) -> int:
    if not WHOLE_NUMBER.fullmatch(value) or int(value) > MAX_LIMIT:
        raise ValueError(f"Must be a whole number from 1 to {MAX_LIMIT}.")
    return int(value)


def one_of(*choices: str) -> Filter:
    """A filter that takes one of `choices`."""

    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"Must be one of: {', '.join(choices)}.")
        return value

    return Filter(read, {"type": "string", "enum": list(choices)})


def filtered(
    statement: Statement, query: CollectionQuery, columns: Mapping[str, ColumnElement[Any]]
) -> Statement:
    """`statement` with every filter of `query` applied; values travel as parameters."""
    return statement.where(*(columns[name] == value for name, value in query.filters.items()))


def arranged(
    statement: Statement,
    query: CollectionQuery,
    columns: Mapping[str, ColumnElement[Any]],
    tie_break: ColumnElement[Any],
) -> Statement:
    """The page of `statement` that `query` asks for, in an order without ties."""
    order = [
        columns[key.field].desc() if key.descending else columns[key.field] for key in query.sort
    ]
    return statement.order_by(*order, tie_break).limit(query.limit).offset(query.offset)


def counted(statement: Select[*tuple[Any, ...]]) -> Select[int]:
    """The number of rows `statement` would give, counted by the database."""
    return statement.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)


def listing(page: Page[T], query: CollectionQuery) -> Listing[T]:
    """The answer for one page."""
    total_pages = -(-page.total_items // query.limit)
    return Listing(
        data=list(page.items),
        pagination=Pagination(
            page=query.page,
            limit=query.limit,
            total_items=page.total_items,
            total_pages=total_pages,
            has_next=query.page < total_pages,
            has_prev=query.page > 1,
        ),
    )
