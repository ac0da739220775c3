"""What is promised of `reference_app/data/cache.py`: fast with Redis, right with and without it.

`loads` counts how often a user was read from the database to be shown. The caller's own role is
read on each request by a statement of its own, which does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from time import perf_counter, sleep
from uuid import uuid4

import pytest
from redis import Redis
from redis.client import NEVER_DECODE

from exercises.grading.answer import Answer
from exercises.grading.gate import Gate
from exercises.grading.people import ARGON2_HASH, People, Person
from exercises.grading.subject import NoAnswer, Subject

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


def read(service: Subject, user_id: str, reader: Person, timeout: float = 3) -> Answer:
    return service.get(f"/api/v1/users/{user_id}", token=reader.token, timeout=timeout)


def rename(service: Subject, user_id: str, admin: Person, name: str = NEW) -> Answer:
    path = f"/api/v1/users/{user_id}"
    answer = service.patch(path, json={"full_name": name}, token=admin.token)
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


def loads_of_a_read(service: Subject, user_id: str, reader: Person) -> int:
    service.forget_statements()
    name_in(read(service, user_id, reader))
    return loads(service)


def key_of(user_id: str) -> str:
    return f"user:{user_id}"


def stored(cache: Redis, key: str) -> bytes:
    """The value as it lies there, whatever its type."""
    commands = {"string": "GET", "hash": "HGETALL"}
    command = commands.get(str(cache.type(key)), "DUMP")
    value = cache.execute_command(command, key, **{NEVER_DECODE: True})  # type: ignore[no-untyped-call]
    return value if isinstance(value, bytes) else repr(value).encode()


def poll(reached: Callable[[], bool], seconds: float) -> bool:
    """Whether it came about within that time."""
    deadline = perf_counter() + seconds
    while not reached():
        if perf_counter() > deadline:
            return False
        sleep(0.01)
    return True


@contextmanager
def started(
    service: Subject, call: Callable[[], Answer]
) -> Iterator[tuple[Event, Callable[[], Answer]]]:
    """A request in the background: the event of its end, and what waits for its answer."""
    ended = Event()

    def run() -> Answer:
        try:
            return call()
        finally:
            ended.set()

    with service.meanwhile(run) as result:
        yield ended, result


@pytest.mark.criterion(
    "A second read is answered from the cache", points=7, spec=["S1", "P1"], lesson="measure"
)
def test_second_read_makes_no_load(service: Subject, people: People) -> None:
    """A cache that is asked and then passed over costs more than none."""
    admin = people.admin()
    ada, grace = add_user(service), add_user(service, "Grace Hopper")
    first = {user: read(service, user, admin) for user in (ada, grace)}
    assert loads(service) == 2, f"The first reads of two users made {loads(service)} loads, not 2."
    service.forget_statements()
    for user, before in first.items():
        again = service.look_at(read(service, user, admin))
        assert again.status == 200, f"The second read of a user was answered with {again.status}."
        for field, value in before.data.items():
            assert again.data.get(field) == value, (
                f"The first read, from the database, gave “{field}” as {value!r}; the second one "
                f"gives {again.data.get(field)!r}."
            )
    assert loads(service) == 0, (
        f"Reading two users for the second time made {loads(service)} loads from the database; "
        "both should have come from the cache."
    )


@pytest.mark.criterion(
    "A user lies under user:{id}, without the password hash", points=5, spec=["S1"], lesson="model"
)
def test_value_lies_under_its_key(service: Subject, people: People) -> None:
    """Replicas and operators find, and remove, only what lies where it was agreed."""
    admin, ada = people.admin(), add_user(service)
    before = set(service.cache.scan_iter())
    name_in(read(service, ada, admin))
    rename(service, ada, admin)
    name_in(read(service, ada, admin))
    keys = set(service.cache.scan_iter()) - before
    assert key_of(ada) in keys, (
        f"After a read there is no key “user:{{id}}”, only these: {sorted(keys) or 'none'}."
    )
    strange = [key for key in keys if "user" not in key or ada not in key]
    assert not strange, (
        f"{strange} could collide with keys of other things or other users: “user” and the user's "
        "id belong into the name of every key."
    )
    for key in keys:
        value = stored(service.cache, key)
        assert b"$argon2" not in value, f"The value of {key} holds the password hash."
        assert b"password" not in value, f"The value of {key} has a field for the password."


@pytest.mark.criterion(
    "It lives for at most the time set, and not all keys for the same time",
    points=7,
    spec=["S1"],
    lesson="worked-example",
)
def test_lifetime_is_bounded_and_spread(service: Subject, people: People) -> None:
    """Keys that were filled together would all end together, and the database gets it all."""
    admin = people.admin()
    lives = []
    for user in [add_user(service) for _ in range(12)]:
        before = perf_counter()
        name_in(read(service, user, admin))
        left = int(service.cache.pttl(key_of(user))) / 1000
        assert left > 0, (
            "The key of a user who was just read has no time to live."
            if service.cache.exists(key_of(user))
            else "The key of a user who was just read is not there."
        )
        assert left <= TTL_SECONDS, (
            f"A key lives for {left:.0f} s; CACHE_TTL_SECONDS is {TTL_SECONDS} here."
        )
        lives.append(left + perf_counter() - before)
    assert min(lives) >= 0.8 * TTL_SECONDS - 1, (
        f"A key lives for only {min(lives):.0f} s; 80 % of {TTL_SECONDS} s is the least."
    )
    spread = max(lives) - min(lives)
    assert spread >= 0.02 * TTL_SECONDS, (
        f"Twelve users read one after the other all have {min(lives):.1f} to {max(lives):.1f} s to "
        "live: they will all be missing at the same moment."
    )


@pytest.mark.criterion(
    "No key stays for ever, helper keys included", points=5, spec=["S1"], lesson="worked-example"
)
def test_every_key_expires(service: Subject, people: People) -> None:
    """What is left by a process that dies in between would stay until somebody finds it."""
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


@pytest.mark.criterion("A write is seen by the next read", points=8, spec=["S1"], lesson="incident")
def test_write_is_seen(service: Subject, people: People) -> None:
    """Yesterday's name for five minutes, and a deleted user who is still there."""
    admin, ada = people.admin(), add_user(service)
    path = f"/api/v1/users/{ada}"
    assert name_in(read(service, ada, admin)) == OLD, "The first read gave another name."
    rename(service, ada, admin)
    after_patch = service.look_at(read(service, ada, admin))
    assert name_in(after_patch) == NEW, f"After a PATCH a read still shows “{OLD}”."
    count = loads_of_a_read(service, ada, admin)
    assert count == 0, (
        "A PATCH, a read that shows the new name, and another read: that one made a load too. "
        "The first read after a write should have filled the cache again."
    )
    everything = {"full_name": "Augusta King", "email": "augusta@example.com"}
    service.put(path, json=everything, token=admin.token)
    after_put = service.look_at(read(service, ada, admin))
    assert name_in(after_put) == "Augusta King", f"After a PUT a read still shows “{NEW}”."
    service.delete(path, token=admin.token)
    gone = service.look_at(read(service, ada, admin))
    assert gone.status == 404, (
        f"A user who was deleted is still answered, with {gone.status}, instead of 404."
    )


@pytest.mark.criterion(
    "A write removes one user and leaves the others", points=5, spec=["S1"], lesson="model"
)
def test_write_leaves_the_others(service: Subject, people: People) -> None:
    """With a write every second, a cache that forgets everybody is always empty."""
    admin = people.admin()
    ada, grace = add_user(service), add_user(service, "Grace Hopper")
    name_in(read(service, ada, admin))
    name_in(read(service, grace, admin))
    rename(service, ada, admin)
    count = loads_of_a_read(service, grace, admin)
    assert count == 0, f"After a write to one user, reading another one made {count} load."


@pytest.mark.criterion(
    "What another replica has removed is gone here too", points=5, spec=["S1"], lesson="model"
)
def test_redis_is_the_only_memory(service: Subject, people: People) -> None:
    """A replica with a memory of its own shows the old name and never hears of the new one."""
    admin, ada = people.admin(), add_user(service)
    name_in(read(service, ada, admin))
    name_in(read(service, ada, admin))
    service.sql("UPDATE users SET full_name = %s WHERE id = %s", NEW, ada)
    service.cache.delete(key_of(ada))
    assert name_in(read(service, ada, admin)) == NEW, (
        f"The user was renamed and “user:{{id}}” deleted, as another replica does on a write, "
        f"but this one still shows “{OLD}”."
    )


@pytest.mark.criterion(
    "Fifty reads of a missing key make one load", points=9, spec=["S1", "P1"], lesson="predict-2"
)
def test_stampede_makes_one_load(service: Subject, people: People) -> None:
    """When a popular key ends, everybody runs to the database at the same moment."""
    admin, ada = people.admin(), add_user(service)
    service.forget_statements()
    fifty = [lambda: read(service, ada, admin)] * 50
    with (
        Gate(service, "users", ada) as gate,
        service.meanwhile(lambda: service.together(fifty)) as everybody,
    ):
        gate.await_arrival()
        poll(lambda: gate.waiting > 1 or requests_begun(service) >= 50, seconds=0.3)
        gate.open()
        answers = everybody()
    for answer in answers:
        assert answer.status == 200 and answer.data["full_name"] == OLD, (
            f"One of the fifty was answered with {answer.status}: "
            "those who wait for a load must get what it brings."
        )
    count = loads(service)
    assert count == 1, (
        f"Fifty simultaneous reads of a user who was not in the cache made {count} loads from the "
        "database; while one was still running, nobody else had to start another."
    )


def requests_begun(service: Subject) -> int:
    """How many callers' roles have been read: each request begins with that."""
    return sum(s.calls for s in service.statements() if "full_name" not in s.text)


@pytest.mark.criterion(
    "A load that began before a write leaves nothing old behind",
    points=9,
    spec=["S1"],
    lesson="worked-example",
)
def test_older_load_stores_nothing(service: Subject, people: People) -> None:
    """The write has removed the key; a slow reader puts the old value back, for minutes."""
    admin, ada = people.admin(), add_user(service, "Ada")
    rename(service, ada, admin, OLD)
    with (
        Gate(service, "users", ada, holds=1) as gate,
        service.meanwhile(lambda: read(service, ada, admin)) as early,
    ):
        gate.await_arrival()
        with started(service, lambda: rename(service, ada, admin)) as (ended, result):
            ended.wait(AT_ONCE)
            gate.open()
            result()
        early()
    after = service.look_at(read(service, ada, admin))
    assert name_in(after) == NEW, (
        "A read had loaded the user but not yet stored them; then a PATCH was committed and its "
        f"key removed; then the read stored what it had: “{OLD}” is back, and stays."
    )


@pytest.mark.criterion(
    "A read that starts after a write shows the write, whatever is still being loaded",
    points=6,
    spec=["S1"],
    lesson="worked-example",
)
def test_later_read_does_not_join_an_older_load(service: Subject, people: People) -> None:
    """Somebody saves a name, the page reloads, and the old name is back: did it not save?"""
    admin, ada = people.admin(), add_user(service)
    with (
        Gate(service, "users", ada, holds=1) as gate,
        service.meanwhile(lambda: read(service, ada, admin)) as early,
    ):
        gate.await_arrival()
        with started(service, lambda: rename(service, ada, admin)) as (ended, result):
            if not ended.wait(AT_ONCE):
                gate.open()
            result()
        with started(service, lambda: read(service, ada, admin)) as (ended, result):
            ended.wait(AT_ONCE)
            gate.open()
            late = service.look_at(result())
        early()
    assert name_in(late) == NEW, (
        "A load was running; a PATCH was committed and answered; a read that came only after that "
        f"answer was given what the older load brought: “{OLD}”."
    )


@pytest.mark.criterion(
    "Nobody waits for the load of another user", points=5, spec=["S1", "P1"], lesson="second-look"
)
def test_users_do_not_wait_for_each_other(service: Subject, people: People) -> None:
    """One slow read would stop the reads of everybody."""
    admin = people.admin()
    ada, grace = add_user(service), add_user(service, "Grace Hopper")
    with (
        Gate(service, "users", ada) as gate,
        service.meanwhile(lambda: read(service, ada, admin)) as slow,
    ):
        gate.await_arrival()
        try:
            other = read(service, grace, admin, timeout=AT_ONCE)
        except NoAnswer:
            other = None
        gate.open()
        slow()
    assert other is not None, (
        "While one user was being loaded, the read of another one got no answer: "
        "both waited for the same lock."
    )
    assert name_in(other) == "Grace Hopper", "The read of one user gave another one."


@pytest.mark.criterion(
    "A load that fails does not stand in the way of the next one",
    points=5,
    spec=["S1", "P3"],
    lesson="second-look",
)
def test_failed_load_leaves_nothing_behind(service: Subject, people: People) -> None:
    """The database is well again after a second, this one user for nobody."""
    admin, ada = people.admin(), add_user(service)
    five = [lambda: read(service, ada, admin)] * 5
    with (
        Gate(service, "users", ada, fails=True) as gate,
        service.meanwhile(lambda: service.together(five)) as everybody,
    ):
        gate.await_arrival()
        gate.open()
        for answer in everybody():
            assert answer.status in (500, 503), (
                f"The database failed and the read was answered with {answer.status}, not 503."
            )
    try:
        after = read(service, ada, admin, timeout=AT_ONCE)
    except NoAnswer:
        after = None
    assert after is not None, (
        "The first load had failed with an error of the database. The next read, when the database "
        f"was well again, still had no answer after {AT_ONCE} s: what guards the load was kept."
    )
    assert name_in(after) == OLD, "The read after a failed load gave another name."
    count = loads_of_a_read(service, ada, admin)
    assert count == 0, "After a load had failed the user is no longer cached."


@pytest.mark.criterion(
    "That somebody is missing is not remembered", points=5, spec=["S1"], lesson="second-look"
)
def test_missing_user_is_not_remembered(service: Subject, people: People) -> None:
    """Whoever is restored from a backup, or was asked for too early, would stay unknown."""
    admin, ada = people.admin(), str(uuid4())
    missing = read(service, ada, admin)
    assert missing.status == 404, f"A user who is not there was answered with {missing.status}."
    add_user(service, user_id=ada)
    after = read(service, ada, admin)
    assert after.status == 200, (
        f"Asked for before they were there, the user is now; the answer still is {after.status}."
    )


GARBAGE = {
    "text that is no value of anything": b"not what you think",
    "an empty string": b"",
    "JSON null": b"null",
    "an empty JSON list": b"[]",
    "an empty JSON object": b"{}",
    "bytes that are no text": b"\x80\xff\x00\x04",
}


@pytest.mark.criterion(
    "A value that cannot be used is replaced", points=7, spec=["S1", "P3"], lesson="second-look"
)
def test_unusable_value_is_replaced(service: Subject, people: People) -> None:
    """After a release with another format, every cached user would be an error until it expires."""
    admin, ada = people.admin(), add_user(service)
    name_in(read(service, ada, admin))
    key = key_of(ada)
    whole = stored(service.cache, key)
    older = f'{{"id": "{ada}", "email": "{ada}@example.com", "full_name": "{OLD}"}}'.encode()
    for what, value in {
        **GARBAGE,
        "half of a value": whole[: len(whole) // 2],
        "a value of an older version, with fewer fields": older,
    }.items():
        service.cache.set(key, value, ex=TTL_SECONDS)
        must_recover(service, ada, admin, what)
    service.cache.delete(key)
    service.cache.rpush(key, "a", "b")
    must_recover(service, ada, admin, "a list instead of a value")


def must_recover(service: Subject, user_id: str, reader: Person, what: str) -> None:
    answer = service.look_at(read(service, user_id, reader))
    assert answer.status == 200, f"With {what} under the key, the read was {answer.status}."
    assert answer.data["full_name"] == OLD, f"With {what} under the key, the answer is not right."
    count = loads_of_a_read(service, user_id, reader)
    assert count == 0, f"With {what} under the key, it stayed there: reads went on making loads."


@pytest.mark.criterion(
    "A cache that is full, hangs or is dead costs speed, not answers",
    points=12,
    spec=["S1", "P3"],
    lesson="incident",
)
def test_lost_cache_is_survived(service: Subject, people: People) -> None:
    """The cache was there to spare the database; it must not be able to take the site along."""
    admin, ada = people.admin(), add_user(service)
    with full(service.cache):
        must_be_served(service, ada, admin, "Redis had no memory left and refused to store")
    name_in(read(service, ada, admin))
    service.cache_server.pause()
    must_be_served(service, ada, admin, "Redis hung, its connections open")
    service.cache_server.resume()
    service.cache_server.kill()
    must_be_served(service, ada, admin, "Redis was killed")
    must_be_served(service, ada, admin, "Redis was killed")
    path = f"/api/v1/users/{ada}"
    written = service.look_at(service.patch(path, json={"full_name": NEW}, token=admin.token))
    assert written.status == 200, (
        f"Redis was killed; a PATCH was committed, and then answered with {written.status}."
    )
    after = service.look_at(read(service, ada, admin))
    assert name_in(after) == NEW, f"Without the cache, a read after a PATCH shows “{OLD}”."
    service.cache_server.start()

    def used() -> bool:
        return name_in(read(service, ada, admin)) == NEW and bool(service.cache.exists(key_of(ada)))

    assert poll(used, seconds=2.5), (
        "Redis was started again, and more than two seconds later it still is not used."
    )


@contextmanager
def full(cache: Redis) -> Iterator[None]:
    """Redis answers, and refuses every command that needs memory."""
    cache.config_set("maxmemory", 1)
    try:
        yield
    finally:
        cache.config_set("maxmemory", 0)


def must_be_served(service: Subject, user_id: str, reader: Person, what: str) -> None:
    answer = service.look_at(read(service, user_id, reader))
    assert answer.status == 200, (
        f"{what}; a read was answered with {answer.status}, though the database is well."
    )
    assert answer.data["full_name"] == OLD, f"{what}; the read gave another name."
    assert answer.seconds < 2, (
        f"{what}; a read took {answer.seconds:.1f} s. One wait of REDIS_TIMEOUT_SECONDS, 0.4 s "
        "here, is enough to know."
    )
