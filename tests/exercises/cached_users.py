"""Users of the service, as the suite of the cache makes, reads and counts them.

`loads` counts how often a user was read from the database to be shown. The caller's own role is
read on each request by a statement of its own, which does not count.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, sleep
from uuid import UUID, uuid4

from exercises.grading.answer import Answer
from exercises.grading.people import ARGON2_HASH, Person
from exercises.grading.subject import Subject

LONGEST_NAME = """Zoë "|" O'Brien, \\ {née} 木子 e\u0301  \u2028""".ljust(100, "ж")

TTL_SECONDS = 240
"""`CACHE_TTL_SECONDS` of this exercise; a key may live for 80 to 100 % of it."""

AT_ONCE = 0.5
"""Seconds; a read takes about a hundredth of that."""

OLD, NEW = "Ada Byron", "Ada Lovelace"


def add_user(service: Subject, full_name: str = OLD, user_id: str | None = None) -> str:
    """A user whom nothing but the database knows yet; their id."""
    user_id = user_id or str(uuid4())
    service.sql(
        "INSERT INTO users (id, email, password_hash, full_name) VALUES (%s, %s, %s, %s)",
        *(user_id, f"{user_id}@example.com", ARGON2_HASH, full_name),
    )
    return user_id


def add_unusual_user(service: Subject) -> str:
    """Nothing about this user is what a column has by default, or what a simple format can hold."""
    user_id = add_user(service, LONGEST_NAME)
    service.sql(
        "UPDATE users SET role = 'support', status = 'suspended', email = %s,"
        " created_at = '2020-02-29T23:59:59.000001Z', updated_at = '2024-12-31T12:00:00.9Z'"
        " WHERE id = %s",
        *(f"{user_id}@Example.COM", user_id),
    )
    return user_id


def twin_of(user_id: str) -> str:
    """An id with the same beginning, the same end, and the same hash modulo 256."""
    while True:
        middle = str(uuid4())[8:23]
        twin = UUID(user_id[:8] + middle + user_id[23:])
        if twin != UUID(user_id) and hash(twin) % 256 == hash(UUID(user_id)) % 256:
            return str(twin)


def read(
    service: Subject, user_id: str, reader: Person, timeout: float = 3, at: str | None = None
) -> Answer:
    return service.get(f"/api/v1/users/{user_id}", token=reader.token, timeout=timeout, at=at)


def rename(
    service: Subject, user_id: str, admin: Person, name: str = NEW, at: str | None = None
) -> Answer:
    path = f"/api/v1/users/{user_id}"
    answer = service.patch(path, json={"full_name": name}, token=admin.token, at=at)
    assert answer.status == 200, f"A PATCH was answered with {answer.status} instead of 200."
    return answer


def name_in(answer: Answer) -> str:
    assert answer.status == 200, f"The read was answered with {answer.status} instead of 200."
    return str(answer.data["full_name"])


def loads(service: Subject) -> int:
    return sum(
        statement.calls
        for statement in service.statements()
        if statement.text.upper().startswith("SELECT") and "full_name" in statement.text
    )


def requests_begun(service: Subject) -> int:
    """How many callers' roles have been read: each request begins with that."""
    return sum(s.calls for s in service.statements() if "full_name" not in s.text)


def loads_of_a_read(service: Subject, user_id: str, reader: Person) -> int:
    service.forget_statements()
    name_in(read(service, user_id, reader))
    return loads(service)


def key_of(user_id: str) -> str:
    return f"user:{user_id}"


def let_time_pass(service: Subject, user_id: str, seconds: float) -> None:
    """As far as Redis can tell: what lies there for a user and would have ended by then is gone."""
    for key in service.cache.scan_iter(match=f"*{user_id}*"):
        if 0 <= service.cache.pttl(key) <= seconds * 1000:
            service.cache.delete(key)


def let_nearly_all_time_pass(service: Subject, user_id: str, seconds: float) -> None:
    """Until what lies there for a user the longest ends in so many seconds; the rest has ended."""
    left = {key: service.cache.pttl(key) for key in service.cache.scan_iter(match=f"*{user_id}*")}
    passed = max(left.values(), default=0) - int(seconds * 1000)
    for key, milliseconds in left.items():
        if passed > 0 and milliseconds >= 0:
            service.cache.pexpire(key, milliseconds - passed)


def await_value(service: Subject, *user_ids: str) -> None:
    """A read may be answered before it stores."""
    keys = [key_of(user_id) for user_id in user_ids]
    poll(lambda: service.cache.exists(*keys) == len(keys), AT_ONCE)


def poll(reached: Callable[[], bool], seconds: float) -> bool:
    """Whether it came about within that time."""
    deadline = perf_counter() + seconds
    while not reached():
        if perf_counter() > deadline:
            return False
        sleep(0.002)
    return True
