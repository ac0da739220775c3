"""What lies in Redis: under which keys, for how long, and what if it is of no use."""

from __future__ import annotations

from re import sub

from redis import Redis
from redis.client import NEVER_DECODE

from exercises.grading.answer import Answer
from exercises.grading.gate import Gate
from exercises.grading.people import People, Person
from exercises.grading.subject import Subject
from tests.exercises.cached_users import (
    AT_ONCE,
    OLD,
    TTL_SECONDS,
    add_unusual_user,
    add_user,
    await_value,
    key_of,
    loads_of_a_read,
    name_in,
    poll,
    read,
    rename,
)

GARBAGE = {
    "text that is no value of anything": b"not what you think",
    "an empty string": b"",
    "JSON null": b"null",
    "an empty JSON list": b"[]",
    "an empty JSON object": b"{}",
    "bytes that are no text": b"\x80\xff\x00\x04",
}


def stored(cache: Redis, key: str) -> bytes:
    """The value as it lies there, whatever its type."""
    commands = {"string": "GET", "hash": "HGETALL"}
    command = commands.get(str(cache.type(key)), "DUMP")
    value = cache.execute_command(command, key, **{NEVER_DECODE: True})  # type: ignore[no-untyped-call]
    return value if isinstance(value, bytes) else repr(value).encode()


def must_recover(service: Subject, user: Answer, reader: Person, what: str) -> None:
    """`user`: as the database shows them. What lies there now is of no use."""
    key = key_of(user.data["id"])
    useless = service.cache.dump(key)
    answer = service.look_at(read(service, user.data["id"], reader))
    assert answer.status == 200, (
        f"With {what} under the key, the read was answered with {answer.status}. What cannot be "
        "used is a miss: the user is in the database."
    )
    for field, value in user.data.items():
        assert answer.data.get(field) == value, (
            f"With {what} under the key, the read shows {answer.data.get(field)!r} as “{field}”; "
            f"in the database it is {value!r}."
        )
    assert poll(lambda: service.cache.dump(key) not in (useless, None), AT_ONCE), (
        f"With {what} under the key, {'it' if service.cache.exists(key) else 'nothing'} was there "
        "after a read, too: each read will make a load."
    )


def check_keys_and_values(service: Subject, people: People) -> None:
    """Names of the keys, also of those that are there only during a load; no password in them."""
    admin, ada = people.admin(), add_user(service)
    before = everything_but_limits(service)
    with (
        Gate(service, "users", ada, holds=1) as gate,
        service.meanwhile(lambda: read(service, ada, admin)) as first,
    ):
        gate.await_arrival()
        while_loading = everything_but_limits(service)
        gate.open()
        name_in(first())
    rename(service, ada, admin)
    name_in(read(service, ada, admin))
    await_value(service, ada)
    keys = everything_but_limits(service) - before
    assert key_of(ada) in keys, (
        f"After a read there is no key “user:{{id}}”, only these: {sorted(keys) or 'none'}."
    )
    strange = [
        key for key in keys | (while_loading - before) if "user" not in key or ada not in key
    ]
    assert not strange, (
        f"{strange} could collide with keys of other things or other users: “user” and the user's "
        "id belong into the name of every key."
    )
    for key in keys:
        value = stored(service.cache, key)
        assert b"$argon2" not in value, f"The value of {key} holds the password hash."
        assert b"password" not in value, f"The value of {key} has a field for the password."


def everything_but_limits(service: Subject) -> set[str]:
    """Every key but the counts of the rate limits, which come and go with their windows."""
    return {key for key in service.cache.scan_iter() if not key.startswith("rate:")}


def check_recovery(service: Subject, people: People) -> None:
    """Whatever lies there, the next read is right, and puts a value there that can be used."""
    admin, ada = people.admin(), add_unusual_user(service)
    user, key = read(service, ada, admin), key_of(ada)
    await_value(service, ada)
    whole = stored(service.cache, key)
    fewer = f'{{"id": "{ada}", "email": "{ada}@example.com", "full_name": "{OLD}"}}'.encode()
    for what, value in {
        **GARBAGE,
        "half of a value": whole[: len(whole) // 2],
        "a value of an older version, with fewer fields": fewer,
        **aged(whole),
    }.items():
        service.cache.set(key, value, ex=TTL_SECONDS)
        must_recover(service, user, admin, what)
    service.cache.delete(key)
    service.cache.rpush(key, "a", "b")
    must_recover(service, user, admin, "a list instead of a value")
    service.cache.delete(key)
    service.cache.hset(key, mapping={"id": ada, "full_name": OLD})
    must_recover(service, user, admin, "a hash with fewer fields")
    service.cache.set(key, with_one_more_field(stored(service.cache, key)), ex=TTL_SECONDS)
    name_in(read(service, ada, admin))
    count = loads_of_a_read(service, ada, admin)
    assert count == 0, (
        "With a value of an older version under the key, which had one more field, reads went on "
        "making loads: it can be used or replaced, but not both missed and left there."
    )


def aged(value: bytes) -> dict[str, bytes]:
    """The value as older versions would have written it; none where it holds no names of fields."""
    older = {
        "a value of an older version, where a field had another name": value.replace(
            b"full_name", b"fore_name"
        ),
        "a value of an older version, which had no role yet": sub(
            rb'"role": ?"support", ?', b"", value
        ),
        "a value of an older version, which had no status yet": sub(
            rb'"status": ?"suspended", ?', b"", value
        ),
        "a value of an older version, which had no updated_at yet": sub(
            rb', ?"updated_at": ?"[^"]*"', b"", value
        ),
        "a value of an older version, where a role could be null": sub(
            rb'("role": ?)"support"', rb"\1null", value
        ),
    }
    return {what: other for what, other in older.items() if other != value}


def with_one_more_field(value: bytes) -> bytes:
    """The same where it is no JSON with names."""
    return value.replace(b'"full_name"', b'"nickname": "Ada", "full_name"')
