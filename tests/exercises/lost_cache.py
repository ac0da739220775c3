"""Redis full, hanging, dead, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis

from exercises.grading.answer import Answer
from exercises.grading.gate import Gate
from exercises.grading.people import People, Person
from exercises.grading.requests import NoAnswer
from exercises.grading.subject import Subject
from tests.exercises.cached_users import AT_ONCE, NEW, OLD, add_user, key_of, name_in, poll, read
from tests.exercises.running_loads import started

KING = "Ada King"


@contextmanager
def full(cache: Redis) -> Iterator[None]:
    """Redis answers, and refuses every command that needs memory."""
    before = str(cache.config_get("maxmemory")["maxmemory"])
    cache.config_set("maxmemory", 1)
    try:
        yield
    finally:
        cache.config_set("maxmemory", before)


def must_be_served(service: Subject, user_id: str, reader: Person, what: str) -> None:
    """A read now gives what the database has, soon enough."""
    must_have_been_served(service.look_at(read(service, user_id, reader)), what)


def must_have_been_served(answer: Answer, what: str) -> None:
    assert answer.status == 200, (
        f"{what}; a read was answered with {answer.status}, though the database is well."
    )
    assert answer.data["full_name"] == OLD, f"{what}; the read gave another name."
    assert answer.seconds < 2, (
        f"{what}; a read took {answer.seconds:.1f} s. One wait of REDIS_TIMEOUT_SECONDS, 0.4 s "
        "here, is enough to know."
    )


def write(service: Subject, user_id: str, admin: Person) -> Answer:
    path = f"/api/v1/users/{user_id}"
    return service.patch(path, json={"full_name": NEW}, token=admin.token)


def must_have_been_taken(answer: Answer, what: str) -> None:
    assert answer.status == 200, (
        f"{what}; a PATCH was committed, and then answered with {answer.status}."
    )


def must_go_on_while_it_hangs(service: Subject, ada: str, grace: str, admin: Person) -> None:
    """Ten read one user and somebody renames another, at the same moment."""
    what = "Redis hung, its connections open"
    with service.meanwhile(lambda: write(service, grace, admin)) as written:
        try:
            answers = service.together([lambda: read(service, ada, admin)] * 10)
        except NoAnswer:
            raise AssertionError(
                f"{what}; of ten who read the same user at the same moment, one had no answer "
                "after 3 s. Each look into Redis takes REDIS_TIMEOUT_SECONDS, 0.4 s here, to fail. "
                "Readers who queue up for theirs wait through those of all before them, too."
            ) from None
        for answer in answers:
            must_have_been_served(service.look_at(answer), f"{what}, and ten read the same user")
        must_have_been_taken(service.look_at(written()), what)


def must_believe_the_database(service: Subject, user_id: str, admin: Person) -> None:
    """Redis is dead, and another replica renames a user whom this one has seen."""
    service.sql("UPDATE users SET full_name = %s WHERE id = %s", KING, user_id)
    shown = name_in(service.look_at(read(service, user_id, admin)))
    assert shown == KING, (
        f"Redis was killed, and another replica renamed the user; this one still shows “{shown}”: "
        "without Redis, only the database knows."
    )


def must_not_store_blindly(service: Subject, ada: str, grace: str, admin: Person) -> None:
    """A load begins while Redis hangs, and ends when it is back; somebody writes in between."""
    eve = add_user(service)
    service.cache_server.pause()
    with (
        Gate(service, "users", eve, holds=1, reads_only=True) as gate,
        service.meanwhile(lambda: read(service, eve, admin, timeout=5)) as early,
    ):
        must_go_on_while_it_hangs(service, ada, grace, admin)
        gate.await_arrival()
        service.cache_server.resume()
        written = write(service, eve, admin)
        gate.open()
        what = "Redis hung when a load began, and was back before it had ended"
        assert early().status == 200, f"{what}; the read was answered with {early().status}."
    must_have_been_taken(service.look_at(written), what)
    shown = name_in(service.look_at(read(service, eve, admin)))
    assert shown == NEW, (
        f"{what}; a PATCH was committed and answered in between, and a read that came then shows "
        f"“{shown}”: the load has stored what it had. Who could not look into Redis before a load "
        "cannot know whether somebody has written since."
    )


def must_hear_of_writes(service: Subject, user_id: str, admin: Person, what: str) -> None:
    """Redis is in use again, and soon a write reaches it, too."""

    def seen() -> bool:
        must_have_been_taken(service.look_at(write(service, user_id, admin)), what)
        return name_in(service.look_at(read(service, user_id, admin))) == NEW

    assert poll(seen, seconds=2.5), (
        f"{what}, and reads use it; a PATCH was committed and answered, again and again for more "
        f"than two seconds, and each time the next read showed “{KING}”."
    )


def must_be_used(service: Subject, user_id: str, name: str, admin: Person, what: str) -> None:
    """Redis is well again, and soon in use."""

    def used() -> bool:
        shown = name_in(service.look_at(read(service, user_id, admin)))
        assert shown == name, f"{what}; a read shows “{shown}”, and in the database is “{name}”."
        return bool(service.cache.exists(key_of(user_id)))

    assert poll(used, seconds=2.5), f"{what}, and more than two seconds later it still is not used."


def must_go_on_when_it_dies(service: Subject, user_id: str, admin: Person) -> None:
    """Two read, one loads, and Redis is killed; a write comes, and another read."""
    what = "Redis was killed while a load ran"
    with (
        Gate(service, "users", user_id, holds=1) as gate,
        service.meanwhile(
            lambda: service.together([lambda: read(service, user_id, admin)] * 2)
        ) as early,
    ):
        gate.await_arrival()
        service.cache_server.kill()
        must_have_been_taken(service.look_at(write(service, user_id, admin)), what)
        with started(service, lambda: read(service, user_id, admin)) as (ended, late):
            ended.wait(AT_ONCE)
            gate.open()
            after = service.look_at(late())
        for answer in early():
            assert answer.status == 200, f"{what}; a read was answered with {answer.status}."
    assert name_in(after) == NEW, (
        f"{what}; a PATCH was committed and answered, and a read that came then shows “{OLD}”."
    )


def check_lost_cache(service: Subject, people: People) -> None:
    """Reads and writes without Redis, which is full, hangs, dies, and each time is there again.

    Being full comes first: what counts requests then leaves Redis alone for half a second, and
    does not wait for it, too, when it hangs. A write when all is well, and a read that is a hit,
    leave what a process keeps of them: a script's name, a copy.
    """
    admin, ada, grace = people.admin(), add_user(service), add_user(service)
    must_have_been_taken(write(service, grace, admin), "All was well")
    with full(service.cache):
        what = "Redis had no memory left and refused to store"
        must_be_served(service, ada, admin, what)
        must_have_been_taken(service.look_at(write(service, grace, admin)), what)
    must_be_used(service, ada, OLD, admin, "Redis had no memory left, and has some again")
    name_in(read(service, ada, admin))
    must_not_store_blindly(service, ada, grace, admin)
    must_be_used(service, add_user(service), OLD, admin, "Redis hung for a while and goes on")
    must_go_on_when_it_dies(service, add_user(service), admin)
    for user in [add_user(service) for _ in range(3)]:
        must_be_served(service, user, admin, "Redis was killed")
    must_believe_the_database(service, ada, admin)
    service.cache_server.start()
    must_be_used(service, ada, KING, admin, "Redis was started again")
    must_hear_of_writes(service, ada, admin, "Redis was started again")
