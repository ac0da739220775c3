"""How a session ends, and what does not end it, for `test_10_tokens.py`."""

import re
from collections.abc import Callable
from functools import partial
from time import time
from typing import Any

from exercises.grading.answer import Answer
from exercises.grading.people import People, Person
from exercises.grading.subject import Subject
from tests.exercises.forged_tokens import (
    altered,
    forged,
    never_issued,
    of_nobody,
    plain,
    with_numbers,
)
from tests.exercises.passing_days import HOURS, days_later
from tests.exercises.token_sessions import log_out, must_be_a_good_pair, must_be_refused, refresh
from tests.exercises.waiting_calls import ANY_WRITE, GIVE_UP, held_back

LEDGER = "SELECT t::text FROM refresh_tokens t ORDER BY jti"
"""As text: not every time that PostgreSQL keeps (`infinity`) is one in Python."""

WRITE = re.compile(r"\b(UPDATE|DELETE FROM|INSERT INTO) \S*refresh_tokens", re.IGNORECASE)
ENDS: dict[str, tuple[Callable[[Subject, str], Answer], int]] = {
    "log-out": (log_out, 204),
    "a replay": (refresh, 401),
}
UNDONE = (
    " A write to refresh_tokens did run for the used token, but the table is as it was before: "
    "was the transaction undone?"
)


def replay(service: Subject, used_token: str) -> str:
    """Presents a used token; a remark if rows were written for it and are as they were before."""
    before = service.sql(LEDGER)
    service.forget_statements()
    refresh(service, used_token)
    if service.sql(LEDGER) != before:
        return ""
    wrote = any(seen.rows and WRITE.search(seen.text) for seen in service.statements())
    return UNDONE if wrote else ""


def must_be_over(
    service: Subject, newest_token: str, what: str, remark: str = "", at: str | None = None
) -> None:
    answer = refresh(service, newest_token, at)
    assert answer.status == 401, (
        f"After {what}, the newest refresh token of that session got {answer.status}; "
        f"expected 401: the session has to be over.{remark}"
    )


def must_be_over_days_later(
    service: Subject, people: People, person: Person, newest_token: str, what: str
) -> None:
    """Although the person has logged in again by then."""
    [newest_token] = days_later(service, people, newest_token)
    people.log_in(person.email)
    must_be_over(service, newest_token, f"{what}, and a new log-in days later")


def must_go_on(service: Subject, newest_token: str, what: str, at: str | None = None) -> str:
    answer = refresh(service, newest_token, at)
    assert answer.status == 200, (
        f"After {what}, the newest refresh token of a session that has nothing to do with it got "
        f"{answer.status}; expected 200: that session has to go on."
    )
    return str(answer.data["refresh_token"])


def must_be_traded_days_later(
    service: Subject, people: People, person: Person, newest_token: str
) -> dict[str, Any]:
    """For a new pair, which is good from now on for as long as the first one was.

    The person has logged in again by then: that is when many a service clears old rows away.
    """
    [refresh_token] = days_later(service, people, newest_token)
    people.log_in(person.email)
    asked_at = time()
    answer = refresh(service, refresh_token)
    assert answer.status == 200, (
        f"The newest refresh token of a session, {HOURS} hours old, got {answer.status}; expected "
        "200: it lives for 168."
    )
    must_be_a_good_pair(answer.data, person.id, asked_at)
    return dict(answer.data)


def must_be_written_down(service: Subject, what: str, token: str, newest_token: str) -> None:
    """An end that is answered as one, though the table is locked and the database then gives up."""
    end, done = ENDS[what]
    with held_back(service, [partial(end, service, token)], ANY_WRITE) as [call]:
        early = call.done()
        service.sql(GIVE_UP)
    if call.result().status == done:
        must_be_over(service, newest_token, f"{what} that got {done} while the table was locked")
        assert not early, (
            f"{what.capitalize()} got {done} while refresh_tokens was locked, so that nobody could "
            "write to it. It says that the session is over: that has to be written down before."
        )


def must_always_be_204(service: Subject, newest_token: str) -> None:
    for token, what in (
        (newest_token, "a good refresh token"),
        (newest_token, "the same token for the second time"),
        (never_issued(newest_token), "a well-signed token that was never given out"),
        (plain(newest_token), "a well-signed token of promised claims alone, never given out"),
        ("schlüssel.ä.ö", "something that is no token"),
        (forged(newest_token), "a forged token"),
        (altered(newest_token, exp=int(time()) - 120), "an expired token"),
        (with_numbers(newest_token), "a well-signed token with a number in each claim of your own"),
    ):
        must_get_204(service, token, what)


def must_get_204(service: Subject, token: str, what: str) -> None:
    answer = log_out(service, token)
    assert answer.status == 204, f"Log-out with {what} got {answer.status}; expected 204."


def send_what_is_not_ours(service: Subject, used_token: str) -> None:
    """To both doors that end sessions: forged, and signed for others, with all else as it was."""
    refresh(service, forged(used_token))
    log_out(service, forged(used_token))
    for claim in ("aud", "iss"):
        log_out(service, altered(used_token, **{claim: "newsletter"}))


def must_refuse_another_id(service: Subject, token_of_ended_session: str) -> None:
    what = "A well-signed token of an ended session, with an id that none of its tokens had"
    must_be_refused(refresh(service, never_issued(token_of_ended_session)), what, "refresh")


def must_know_nobody(service: Subject, refresh_token: str) -> None:
    """A token that names a user who is not there is refused, and is no error of the service's."""
    what = "a well-signed token of a user who is gone"
    must_get_204(service, of_nobody(refresh_token), what)
    must_be_refused(refresh(service, of_nobody(refresh_token)), what.capitalize(), "refresh")
