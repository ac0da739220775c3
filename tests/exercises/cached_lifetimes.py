"""For how long something lies in Redis: values, and whatever else is kept there."""

from __future__ import annotations

from collections import Counter
from functools import partial
from time import perf_counter
from uuid import uuid4

from exercises.grading.gate import Gate
from exercises.grading.people import People, Person
from exercises.grading.subject import Subject
from tests.exercises.cached_users import (
    TTL_SECONDS,
    add_user,
    await_value,
    key_of,
    loads,
    name_in,
    read,
    rename,
)

SAMPLE = 48
"""Users whose lifetimes are compared."""

LEAST_POINTS, MOST_AT_ONCE = 8, SAMPLE // 3
"""How many different seconds their lives must have at least, and how many may have the same.

Drawn evenly from a tenth of the time, 24 s, one sample in a thousand million breaks this; in whole
per cent, which makes eleven points of a tenth, 6 in a million.
"""


def check_lifetimes(service: Subject, people: People) -> None:
    """Users are read, eight at a time: their lifetimes are long and short enough, and differ."""
    admin = people.admin()
    users = [add_user(service) for _ in range(SAMPLE)]
    lives: list[float] = []
    for first in range(0, SAMPLE, 8):
        eight = users[first : first + 8]
        before = perf_counter()
        for answer in service.together([partial(read, service, user, admin) for user in eight]):
            name_in(answer)
        await_value(service, *eight)
        lives += [life(service, user) + perf_counter() - before for user in eight]
    assert min(lives) >= 0.8 * TTL_SECONDS - 1, (
        f"A key lives for only {min(lives):.0f} s; 80 % of {TTL_SECONDS} s is the least."
    )
    seconds = Counter(round(life) for life in lives)
    assert len(seconds) >= LEAST_POINTS, (
        f"{SAMPLE} users read one after the other live for one of {sorted(seconds)} seconds: so "
        "many will be missing at once."
    )
    [(second, most)] = seconds.most_common(1)
    assert most <= MOST_AT_ONCE, (
        f"{most} of {SAMPLE} users read one after the other live for {second} s: so many will be "
        f"missing at once. Drawn evenly from a tenth of {TTL_SECONDS} s, about "
        f"{10 * SAMPLE // TTL_SECONDS} would end in the same second."
    )
    spread = max(lives) - min(lives)
    assert spread >= 0.05 * TTL_SECONDS, (
        f"{SAMPLE} users read one after the other live for {min(lives):.1f} to {max(lives):.1f} s: "
        "they will all be missing at the same moment. Each key has to draw its own lifetime, from "
        f"a tenth of {TTL_SECONDS} s or more."
    )
    must_not_be_prolonged(service, users[0], admin)


def life(service: Subject, user: str) -> float:
    """The seconds that are left to a user's value."""
    left = int(service.cache.pttl(key_of(user))) / 1000
    assert left > 0, (
        "The key of a user who was just read has no time to live."
        if service.cache.exists(key_of(user))
        else "The key of a user who was just read is not there."
    )
    assert left <= TTL_SECONDS, (
        f"A key lives for {left:.0f} s; CACHE_TTL_SECONDS is {TTL_SECONDS} here."
    )
    return left


def must_not_be_prolonged(service: Subject, user: str, admin: Person) -> None:
    """A twentieth of a life is left; whoever loads now may store anew, whoever hits may not."""
    rest = TTL_SECONDS // 20
    service.cache.expire(key_of(user), rest)
    service.forget_statements()
    name_in(read(service, user, admin))
    left = int(service.cache.pttl(key_of(user))) / 1000
    assert left <= rest or loads(service) > 0, (
        f"A key had {rest} s left; it was read, without a load, and now has {left:.0f} s. A "
        "hit must not prolong a value's life: who is read often enough would never be loaded "
        "again."
    )


def check_every_key_expires(service: Subject, people: People) -> None:
    """At four moments, one of them in the middle of a load."""
    admin, ada = people.admin(), add_user(service)
    moments = {}

    def look(moment: str) -> None:
        moments[moment] = [key for key in service.cache.scan_iter() if service.cache.ttl(key) == -1]

    with (
        Gate(service, "users", ada, holds=1) as gate,
        service.meanwhile(lambda: read(service, ada, admin)) as first,
    ):
        gate.await_arrival()
        look("while a load runs")
        gate.open()
        name_in(first())
    look("after a read")
    rename(service, ada, admin)
    look("after a write")
    name_in(read(service, ada, admin))
    read(service, str(uuid4()), admin)
    service.delete(f"/api/v1/users/{ada}", token=admin.token)
    read(service, ada, admin)
    look("after a deletion and a read of somebody who is not there")
    for moment, keys in moments.items():
        assert not keys, f"Keys without an expiry {moment}: {keys}."
