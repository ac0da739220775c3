"""A6: every route answers every caller as `authorisation.txt` says, and there is no other route."""

import itertools
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import psycopg
import pytest

from reference_app.running import Backend
from tests.reference_app.authorisation import FILE, Rule, routes, rules
from tests.reference_app.client import Client, Person, rows
from tests.reference_app.test_r_contract import GENEROUS

ROLES = ("user", "support", "admin")
TARGETS = ("own", "somebody else's", "absent", "of a deleted user")
SHUT_OUT = {"deleted": 401, "suspended": 403, "inactive": 403}


CALLERS = "CREATE TABLE callers AS SELECT id, role, status, deleted_at FROM users"
RESTORE = """
    UPDATE users SET role = callers.role, status = callers.status, deleted_at = callers.deleted_at
    FROM callers WHERE users.id = callers.id
"""
RECORD = """
    WITH made AS (
        INSERT INTO users (email, password_hash, full_name, deleted_at)
        VALUES (%s, 'x', 'N', CASE WHEN %s THEN now() END) RETURNING id
    )
    INSERT INTO orders (user_id, total_amount)
    SELECT coalesce(%s, id), 1 FROM made RETURNING user_id::text, id::text AS order_id
"""


class World:
    """A service with one caller of each kind, and records for them to reach for."""

    def __init__(self, client: Client, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self.client = client
        self.callers = {role: client.person(role) for role in ROLES}
        self.shut_out = {kind: client.person() for kind in SHUT_OUT}
        for kind, person in self.shut_out.items():
            change = "deleted_at = now()" if kind == "deleted" else f"status = '{kind}'"
            client.sql(f"UPDATE users SET {change} WHERE id = %s", person.id)
        self._document = client.get("/openapi.json").json()
        self._numbers = itertools.count(1)
        self._connection = connection
        self._sql(CALLERS)

    def ask(self, rule: Rule, caller: Person | None, target: str = "own") -> httpx.Response:
        """What `caller` gets, on a record made for this one request."""
        self._sql(RESTORE)  # callers may have lost role, status or account by the last one
        record = self._record(caller, target)
        path = rule.path.format(**record)
        body = rule.body or json.dumps(self._example(rule))
        content = body.replace("{n}", f"{next(self._numbers)}") if body != "null" else None
        headers = {"Content-Type": "application/json"} if content else {}
        return self.client.send(rule.verb, path, by=caller, content=content, headers=headers)

    def _record(self, caller: Person | None, target: str) -> dict[str, Any]:
        """The ids to put into a path."""
        if target == "absent":
            return {"user_id": uuid.uuid4(), "order_id": uuid.uuid4()}
        owner = caller.id if caller and target == "own" else None
        email = f"target{next(self._numbers)}@example.com"
        [record] = self._sql(RECORD, email, target == "of a deleted user", owner)
        return record

    def _example(self, rule: Rule) -> object:
        operation = self._document["paths"].get(rule.path, {}).get(rule.verb.lower(), {})
        content = operation.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("example")

    def _sql(self, statement: str, *values: object) -> list[dict[str, Any]]:
        return rows(self._connection, statement, *values)


@pytest.fixture(scope="module")
def world(backend: Backend) -> Iterator[World]:
    with (
        backend.service(settings=GENEROUS) as service,
        service.database.connect(superuser=True) as connection,
    ):
        client = Client(service)
        yield World(client, connection)
        client.close()


@pytest.mark.spec("A6", "C3")
def test_every_route_says_who_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    there = routes(monkeypatch)
    described = {(rule.verb, rule.path) for rule in rules()}
    missing = "\n".join(f"{verb:6} {path}  -> " for verb, path in sorted(there - described))
    assert not missing, f"add to {FILE.name}, with what each caller gets:\n{missing}"
    assert described - there == set(), f"{FILE.name} has lines for routes that are not there"


@pytest.mark.spec("A6", "C3")
@pytest.mark.parametrize(
    "rule", [one for one in rules() if len(one.expected) == 1], ids=lambda one: one.name
)
def test_public(world: World, rule: Rule) -> None:
    user = world.callers["user"]
    callers = {"nobody": None, "a user": user, "a forger": replace(user, token="x.y.z")}
    got = {name: world.ask(rule, caller).status_code for name, caller in callers.items()}
    assert got == dict.fromkeys(callers, rule.expected[0][0])


PROTECTED = [one for one in rules() if len(one.expected) > 1]


@pytest.mark.spec("A6", "C3", "C4")
@pytest.mark.parametrize("rule", PROTECTED, ids=lambda one: one.name)
def test_protected(world: World, rule: Rule) -> None:
    expected = {
        (role, target): status
        for role, column in zip(ROLES, rule.expected, strict=True)
        for target, status in zip(TARGETS, column, strict=False)
    }
    got = {
        (role, target): world.ask(rule, world.callers[role], target).status_code
        for role, target in expected
    }
    assert got == expected


@pytest.mark.spec("A6", "C3")
@pytest.mark.parametrize("rule", PROTECTED, ids=lambda one: one.name)
def test_protected_from_those_who_are_shut_out(world: World, rule: Rule) -> None:
    kinds = {**dict.fromkeys(SHUT_OUT), "nobody": None}
    targets = TARGETS if len(rule.expected[0]) > 1 else TARGETS[:1]
    got = {
        (kind, target): world.ask(rule, world.shut_out.get(kind), target).status_code
        for kind in kinds
        for target in targets
    }
    wanted = {**SHUT_OUT, "nobody": 401}
    assert got == {(kind, target): wanted[kind] for kind in kinds for target in targets}
