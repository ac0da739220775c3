"""Sessions for `test_10_tokens.py`: what can be done with a token, and what has to come of it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from time import time
from typing import Any
from uuid import UUID

from exercises.grading.answer import Answer
from exercises.grading.people import Person
from exercises.grading.race import race
from exercises.grading.subject import Subject
from tests.exercises.forged_tokens import SETTINGS, Forgery, altered, opened, sealed

ME = "/api/v1/users/me"
LOG_IN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
LOG_OUT = "/api/v1/auth/logout"

LIFETIMES = {"access": 900, "refresh": 604_800}
CLAIMS = {"sub", "type", "iat", "exp", "jti"}

LEDGER = "SELECT * FROM refresh_tokens ORDER BY jti"
WRITE = re.compile(r"\b(UPDATE|DELETE FROM|INSERT INTO) \S*refresh_tokens", re.IGNORECASE)
UNDONE = (
    " A write to refresh_tokens did run for the used token, but the table is as it was before: "
    "was the transaction undone?"
)


def both(person: Person) -> tuple[tuple[str, str], tuple[str, str]]:
    """The kinds of token and the person's own."""
    return ("access", person.token), ("refresh", person.refresh_token)


def knock(service: Subject, kind: str, token: str) -> Answer:
    """Presents a token where one of this kind is asked for."""
    return use(service, token) if kind == "access" else refresh(service, token)


def use(service: Subject, access_token: str, at: str | None = None) -> Answer:
    return service.get(ME, token=access_token, at=at)


def refresh(service: Subject, refresh_token: str, at: str | None = None) -> Answer:
    return service.post(REFRESH, json={"refresh_token": refresh_token}, at=at)


def log_out(service: Subject, refresh_token: str) -> Answer:
    return service.post(LOG_OUT, json={"refresh_token": refresh_token})


def successor(service: Subject, refresh_token: str) -> str:
    """The refresh token that a good one is traded for."""
    answer = refresh(service, refresh_token)
    assert answer.status == 200, (
        f"A refresh token that had never been used got {answer.status}; expected 200 and a pair."
    )
    return str(answer.data["refresh_token"])


def must_be_refused(answer: Answer, what: str, kind: str) -> None:
    where = "an access token" if kind == "access" else "a refresh token"
    told = " An exception left your file: the log names it." if answer.status == 500 else ""
    assert answer.status == 401, (
        f"{what}, presented as {where}, got {answer.status}; expected 401.{told}"
    )
    assert "www-authenticate" in answer.headers, (
        f"{what}, presented as {where}, got a 401 without a WWW-Authenticate header."
    )


def must_be_refused_everywhere(
    service: Subject, person: Person, forgeries: Mapping[str, Forgery]
) -> None:
    """Neither kind of token is accepted once a forgery has been made of it, but before it is."""
    person = must_be_accepted(service, person)
    for what, forge in forgeries.items():
        for kind, genuine in both(person):
            must_be_refused(knock(service, kind, forge(genuine)), what, kind)


def must_be_accepted(service: Subject, person: Person) -> Person:
    """The same person with a refresh token that is still good, after the one they had.

    Whoever refuses everything refuses forgeries too, and keeps nobody out by that.
    """
    answer = use(service, person.token)
    assert answer.status == 200, (
        f"A genuine access token got {answer.status}; expected 200. Only then does it mean "
        "anything that forged ones are refused."
    )
    return replace(person, refresh_token=successor(service, person.refresh_token))


def replay(service: Subject, used_token: str) -> str:
    """Presents a used token; a remark if rows were written for it and are as they were before."""
    before = service.sql(LEDGER)
    service.forget_statements()
    refresh(service, used_token)
    wrote = any(seen.rows and WRITE.search(seen.text) for seen in service.statements())
    undone = wrote and service.sql(LEDGER) == before
    return UNDONE if undone else ""


def must_be_over(service: Subject, newest_token: str, what: str, remark: str = "") -> None:
    answer = refresh(service, newest_token)
    assert answer.status == 401, (
        f"After {what}, the newest refresh token of that session got {answer.status}; "
        f"expected 401: the session has to be over.{remark}"
    )


def must_go_on(service: Subject, newest_token: str, what: str) -> str:
    answer = refresh(service, newest_token)
    assert answer.status == 200, (
        f"After {what}, the newest refresh token of a session that has nothing to do with it got "
        f"{answer.status}; expected 200: that session has to go on."
    )
    return str(answer.data["refresh_token"])


def must_end_nothing_by_access_token(service: Subject, person: Person) -> Person:
    """The same person, whose session goes on, after log-out was handed their access token."""
    log_out(service, person.token)
    answer = refresh(service, person.refresh_token)
    assert answer.status == 200, (
        "After log-out was handed an access token, the refresh token of that session got "
        f"{answer.status}; expected 200: only a refresh token ends a session."
    )
    return replace(person, refresh_token=str(answer.data["refresh_token"]))


def must_hear_of_log_out_elsewhere(service: Subject, token: str) -> None:
    """Two replicas know a session; it ends at one of them."""
    with service.replica() as other:
        answer = refresh(service, token, at=other)
        assert answer.status == 200, (
            f"A replica answered a good refresh token with {answer.status}."
        )
        newest = str(answer.data["refresh_token"])
        log_out(service, newest)
        answer = refresh(service, newest, at=other)
    assert answer.status == 401, (
        f"After log-out at one replica, another one answered a refresh with {answer.status}; "
        "expected 401: what a process remembers, no other one hears of."
    )


def must_let_at_most_one_win(service: Subject, user: Person, token: str) -> None:
    """Of a session's first token: of a later one, losers may deadlock, which is another matter."""
    must_be_accepted(service, user)
    with service.replica() as other:
        assert use(service, user.token, at=other).status == 200, "A replica refuses a new token."
        calls = [partial(refresh, service, token), partial(refresh, service, token, other)] * 4
        answers = race(service, calls, table="refresh_tokens")
    statuses = sorted(answer.status for answer in answers)
    assert statuses.count(200) <= 1 and set(statuses) <= {200, 401}, (
        f"8 simultaneous refreshes with one token, at two replicas in turn, got {statuses}; "
        "expected 200 for one at most, and 401 for the rest."
    )
    for answer in answers:
        if answer.status == 200:
            newest = answer.data["refresh_token"]
            must_be_over(service, newest, "8 simultaneous refreshes with one token, 7 too many")


def must_be_a_good_pair(data: dict[str, Any], user_id: str, asked_at: float) -> None:
    assert data["expires_in"] == 900, f"expires_in is {data['expires_in']!r}; expected 900."
    for kind, lifetime in LIFETIMES.items():
        _, claims = opened(data[f"{kind}_token"])
        missing = CLAIMS - claims.keys()
        assert not missing, f"The {kind} token has no claim {', '.join(sorted(missing))}."
        times = [claims["iat"], claims["exp"]]
        assert all(isinstance(each, int | float) for each in times), (
            f"iat and exp of the {kind} token are {times}; expected numbers: seconds since 1970."
        )
        assert claims["sub"] == user_id, f"sub of the {kind} token is not the user's id."
        assert claims["type"] == kind, (
            f"type of the {kind} token is {claims['type']!r}; expected {kind!r}."
        )
        assert round(claims["exp"] - claims["iat"]) == lifetime, (
            f"The {kind} token lives for {claims['exp'] - claims['iat']} s from iat to exp; "
            f"expected {lifetime} s."
        )
        late = claims["iat"] - asked_at
        assert -5 <= late <= time() - asked_at + 5, (
            f"iat of the {kind} token is {late:+.0f} s from the moment it was asked for. iat "
            "counts seconds since 1970 in UTC; this server's clock shows another zone."
        )
        assert is_uuid4(claims["jti"]), f"jti of the {kind} token is not a random UUID (version 4)."


def must_be_signed_with_the_key(person: Person) -> None:
    for kind, token in both(person):
        header, _ = opened(token)
        assert header["alg"] == "HS256", f"alg of the {kind} token is {header['alg']!r}, not HS256."
        assert token == sealed(token.rpartition(".")[0]), (
            f"The signature of the {kind} token was not made with the configured SECRET_KEY."
        )


def must_believe_a_replica(service: Subject, person: Person) -> None:
    answer = use(service, altered(person.token))
    assert answer.status == 200, (
        "A genuine access token, signed again with SECRET_KEY as another replica would do it, got "
        f"{answer.status}; expected 200."
    )


def must_name_issuer_and_audience(person: Person) -> None:
    for kind, token in both(person):
        _, claims = opened(token)
        issuer, audience = claims.get("iss"), claims.get("aud")
        assert issuer == SETTINGS["TOKEN_ISSUER"], (
            f"iss of the {kind} token is {issuer!r}; expected what TOKEN_ISSUER says."
        )
        assert audience in (SETTINGS["TOKEN_AUDIENCE"], [SETTINGS["TOKEN_AUDIENCE"]]), (
            f"aud of the {kind} token is {audience!r}; expected what TOKEN_AUDIENCE says."
        )


def is_uuid4(text: object) -> bool:
    try:
        return isinstance(text, str) and UUID(text).version == 4
    except ValueError:
        return False
