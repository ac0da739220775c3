"""How a session ends, and what does not end it, for `test_10_tokens.py`."""

import re
from functools import partial
from time import time
from typing import Any

from exercises.grading.people import People, Person
from exercises.grading.race import race
from exercises.grading.subject import Subject
from tests.exercises.forged_tokens import altered, forged, never_issued, opened, plain
from tests.exercises.token_sessions import (
    log_out,
    must_be_a_good_pair,
    must_be_accepted,
    refresh,
    use,
)
from tests.exercises.waiting_calls import ANY_WRITE, GIVE_UP, held_back

LEDGER = "SELECT * FROM refresh_tokens ORDER BY jti"
WRITE = re.compile(r"\b(UPDATE|DELETE FROM|INSERT INTO) \S*refresh_tokens", re.IGNORECASE)
UNDONE = (
    " A write to refresh_tokens did run for the used token, but the table is as it was before: "
    "was the transaction undone?"
)

DAYS = 5
"""From the Monday of the theft to the Friday."""

AGE = f"""
UPDATE refresh_tokens SET expires_at = expires_at - interval '{DAYS} days',
       used_at = used_at - interval '{DAYS} days', revoked_at = revoked_at - interval '{DAYS} days'
"""


def days_later(service: Subject, token: str) -> str:
    """The same token when the days have gone by, for it and for every row of the table."""
    service.sql(AGE)
    claims = opened(token)[1]
    times = claims.keys() & {"iat", "nbf", "exp"}
    return altered(token, **{name: claims[name] - DAYS * 86_400 for name in times})


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


def must_go_on(service: Subject, newest_token: str, what: str, at: str | None = None) -> str:
    answer = refresh(service, newest_token, at)
    assert answer.status == 200, (
        f"After {what}, the newest refresh token of a session that has nothing to do with it got "
        f"{answer.status}; expected 200: that session has to go on."
    )
    return str(answer.data["refresh_token"])


def must_be_traded(service: Subject, person: Person, refresh_token: str) -> dict[str, Any]:
    """For a new pair, which is good from now on for as long as the first one was."""
    asked_at = time()
    answer = refresh(service, refresh_token)
    assert answer.status == 200, (
        f"The newest refresh token of a session, {DAYS} days old, got {answer.status}; "
        "expected 200."
    )
    must_be_a_good_pair(answer.data, person.id, asked_at)
    return dict(answer.data)


def must_be_written_down(service: Subject, newest_token: str) -> None:
    """A log-out that gets 204, though the table is locked and the database then gives up."""
    with held_back(service, [partial(log_out, service, newest_token)], ANY_WRITE) as [call]:
        early = call.done()
        service.sql(GIVE_UP)
    if call.result().status == 204:
        must_be_over(service, newest_token, "log-out")
        assert not early, (
            "Log-out got 204 while refresh_tokens was locked, so that nobody could write to it. "
            "204 says that the session is over: that has to be written down before."
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
    ):
        must_get_204(service, token, what)


def must_get_204(service: Subject, token: str, what: str) -> None:
    answer = log_out(service, token)
    assert answer.status == 204, f"Log-out with {what} got {answer.status}; expected 204."


def must_let_at_most_one_win(service: Subject, people: People) -> None:
    """Of a session's first token: of a later one, losers may deadlock, which is another matter."""
    user = people.user()
    token = user.refresh_token
    with service.replica() as other:
        assert use(service, user.token, at=other).status == 200, "A replica refuses a new token."
        calls = [partial(refresh, service, token), partial(refresh, service, token, other)] * 4
        answers = race(service, calls, table="refresh_tokens")
    statuses = sorted(answer.status for answer in answers)
    assert statuses.count(200) <= 1 and set(statuses) <= {200, 401}, (
        f"8 simultaneous refreshes with one token, at two replicas in turn, got {statuses}; "
        "expected 200 for one at most, and 401 for the rest."
    )
    newest = [answer.data["refresh_token"] for answer in answers if answer.status == 200]
    for each in newest:
        must_be_over(service, each, "8 simultaneous refreshes with one token, 7 too many")
    if not newest:
        must_be_accepted(service, people.user())
