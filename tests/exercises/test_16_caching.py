"""What is promised of `reference_app/data/cache.py`: fast with Redis, right with and without it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from exercises.grading.people import People
from exercises.grading.requests import NoAnswer
from exercises.grading.subject import Subject
from tests.exercises.cached_lifetimes import check_every_key_expires, check_lifetimes
from tests.exercises.cached_users import (
    NEW,
    OLD,
    add_unusual_user,
    add_user,
    key_of,
    loads,
    loads_of_a_read,
    name_in,
    read,
    rename,
)
from tests.exercises.cached_values import check_keys_and_values, check_recovery
from tests.exercises.crossing_invalidations import check_crossing
from tests.exercises.failing_loads import check_dead_loader, check_failed_load
from tests.exercises.lost_cache import check_lost_cache
from tests.exercises.overtaken_loads import check_overtaken_load
from tests.exercises.running_loads import (
    check_later_read,
    check_other_user,
    check_other_write,
    check_stampede,
)


@pytest.mark.criterion(
    "A second read is answered from the cache", points=7, spec=["S1", "P1"], lesson="model"
)
def test_second_read_makes_no_load(service: Subject, people: People) -> None:
    """A cache that is asked and then passed over costs more than none."""
    admin = people.admin()
    ada, grace = add_user(service), add_unusual_user(service)
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
    check_keys_and_values(service, people)


@pytest.mark.criterion(
    "It lives for at most the time set, and not all keys for the same time",
    points=7,
    spec=["S1"],
    lesson="worked-2-note",
)
def test_lifetime_is_bounded_and_spread(service: Subject, people: People) -> None:
    """Keys that were filled together would all end together, and the database gets it all."""
    check_lifetimes(service, people)


@pytest.mark.criterion(
    "No key stays for ever, helper keys included", points=5, spec=["S1"], lesson="worked-2-note"
)
def test_every_key_expires(service: Subject, people: People) -> None:
    """What is left by a process that dies in between would stay until somebody finds it."""
    check_every_key_expires(service, people)


@pytest.mark.criterion(
    "A write is seen by the next read", points=8, spec=["S1"], lesson="worked-example"
)
def test_write_is_seen(service: Subject, people: People) -> None:
    """Yesterday's name for five minutes, and a deleted user who is still there."""
    admin, ada = people.admin(), add_user(service)
    path = f"/api/v1/users/{ada}"
    assert name_in(read(service, ada, admin)) == OLD, "The first read gave another name."
    rename(service, ada, admin)
    left = service.cache.exists(key_of(ada))
    after_patch = service.look_at(read(service, ada, admin))
    assert name_in(after_patch) == NEW, (
        f"After a PATCH a read still shows “{OLD}”. When the PATCH was answered, “user:{{id}}” was "
        f"{'still' if left else 'no longer'} in Redis."
    )
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
    check_other_write(service, people)


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
    "Fifty reads of a missing key make one load",
    points=9,
    spec=["S1", "P1"],
    lesson="practice-2-task",
)
def test_stampede_makes_one_load(service: Subject, people: People) -> None:
    """When a popular key ends, everybody runs to the database at the same moment."""
    check_stampede(service, people)


@pytest.mark.criterion(
    "A load that began before a write leaves nothing old behind",
    points=9,
    spec=["S1"],
    lesson="worked-3-note",
)
def test_older_load_stores_nothing(service: Subject, people: People) -> None:
    """The write has removed the key; a slow reader puts the old value back, for minutes."""
    check_crossing(service, people)
    check_overtaken_load(service, people)


@pytest.mark.criterion(
    "A read that starts after a write shows the write, whatever is still being loaded",
    points=6,
    spec=["S1"],
    lesson="predict-2",
)
def test_later_read_does_not_join_an_older_load(service: Subject, people: People) -> None:
    """Somebody saves a name, the page reloads, and the old name is back: did it not save?"""
    check_later_read(service, people)


@pytest.mark.criterion(
    "Nobody waits for the load of another user", points=5, spec=["S1", "P1"], lesson="second-look"
)
def test_users_do_not_wait_for_each_other(service: Subject, people: People) -> None:
    """One slow read would stop the reads of everybody."""
    check_other_user(service, people)


@pytest.mark.criterion(
    "A load that fails does not stand in the way of the next one",
    points=5,
    spec=["S1", "P3"],
    lesson="practice-2-task",
)
def test_failed_load_leaves_nothing_behind(service: Subject, people: People) -> None:
    """The database is well again after a second, this one user for nobody."""
    check_failed_load(service, people)
    check_dead_loader(service, people)


@pytest.mark.criterion(
    "That somebody is missing is not remembered", points=5, spec=["S1"], lesson="not-a-value"
)
def test_missing_user_is_not_remembered(service: Subject, people: People) -> None:
    """Whoever is restored from a backup, or was asked for too early, would stay unknown."""
    admin, ada = people.admin(), str(uuid4())
    missing = read(service, ada, admin)
    assert missing.status == 404, f"A user who is not there was answered with {missing.status}."
    add_user(service, user_id=ada)
    try:
        after = read(service, ada, admin, timeout=2)
    except NoAnswer:
        after = None
    assert after is not None, (
        "A user who is not there was read, and then again: that got no answer within 2 s. A load "
        "that finds nobody has ended like any other."
    )
    assert after.status == 200, (
        f"Asked for before they were there, the user is now; the answer still is {after.status}."
    )


@pytest.mark.criterion(
    "A value that cannot be used is replaced", points=7, spec=["S1", "P3"], lesson="not-a-value"
)
def test_unusable_value_is_replaced(service: Subject, people: People) -> None:
    """After a release with another format, every cached user would be an error until it expires."""
    check_recovery(service, people)


@pytest.mark.criterion(
    "A cache that is full, hangs or is dead costs speed, not answers",
    points=12,
    spec=["S1", "P3"],
    lesson="worked-4-note",
)
def test_lost_cache_is_survived(service: Subject, people: People) -> None:
    """The cache was there to spare the database; it must not be able to take the site along."""
    check_lost_cache(service, people)
