"""Examples for the OpenAPI document: a whole one is put together from those of its parts (R5)."""

from typing import Any

Json = dict[str, Any]

BY_FORMAT = {
    "date-time": "2026-01-31T12:00:00Z",
    "uuid": "6f1e2f86-3d4c-4b58-9a3e-0c7d3c1d9b52",
}


def example_of(schema: Json, schemas: Json) -> Any:
    """A value for `schema`, whose references are looked up in `schemas`; None when it has none.

    A field says its own example where its type does not: `Field(examples=["ada@example.com"])`.
    """
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for keyword, first in (
        ("const", False),
        ("examples", True),
        ("default", False),
        ("enum", True),
    ):
        if keyword in schema:
            return schema[keyword][0] if first else schema[keyword]
    if "properties" in schema:
        return {name: example_of(part, schemas) for name, part in schema["properties"].items()}
    if "items" in schema:
        return [example_of(schema["items"], schemas)] * max(1, schema.get("minItems", 0))
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas)
    return BY_FORMAT.get(schema.get("format", ""))
