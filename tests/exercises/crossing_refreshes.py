"""A refresh that meets the end of its session, for `test_10_tokens.py`."""

from collections.abc import Callable
from functools import partial

from exercises.grading.answer import Answer
from exercises.grading.people import People
from exercises.grading.subject import Subject
from tests.exercises.forged_tokens import opened
from tests.exercises.passing_days import days_later
from tests.exercises.token_sessions import log_out, refresh, successor
from tests.exercises.waiting_calls import ANY_WRITE, ONE_ROW, held_back

Met = tuple[Answer, Answer]
"""What the refresh got, and what the end of the session got."""


def must_not_outlive_its_session(service: Subject, people: People) -> None:
    """Whichever is first, and whatever either has read by then, the successor is dead.

    All sessions are the same user's, who logs in once more, days later, before they are looked at.
    """
    user = people.user()
    others = [people.log_in(user.email)[1] for _ in MEETINGS[1:]]
    met, left = [], []
    for (what, meeting), first in zip(MEETINGS, [user.refresh_token, *others], strict=True):
        newest = first if meeting is log_out_with_the_same else successor(service, first)
        renewed, ended = meeting(service, newest, first)
        met.append((what, renewed, ended))
        left.append(str(renewed.data["refresh_token"]) if renewed.status == 200 else newest)
    left = days_later(service, people, *left)
    people.log_in(user.email)
    for (what, renewed, ended), newest in zip(met, left, strict=True):
        after = service.look_at(refresh(service, newest))
        assert after.status == 401, (
            f"A refresh with the newest token of a session and {what} came at the same moment "
            f"and got {renewed.status} and {ended.status}. Days later, when the user had logged in "
            f"again, the newest token got {after.status}; expected 401: what a refresh is adding "
            "to a session while it ends has to end with it."
        )


def refresh_ahead(
    service: Subject, newest: str, first: str, end: Callable[[Subject, str], Answer]
) -> Met:
    """The end finds the row of the newest token in use."""
    calls = [partial(refresh, service, newest), partial(end, service, first)]
    with held_back(service, calls, ONE_ROW, token_id(newest)) as (renewed, ended):
        pass
    return renewed.result(), ended.result()


def log_out_ahead(service: Subject, newest: str, first: str) -> Met:
    """The refresh finds the row of its token in use, and may have looked at it before."""
    calls = [partial(log_out, service, first), partial(refresh, service, newest)]
    with held_back(service, calls, ONE_ROW, token_id(newest)) as (ended, renewed):
        pass
    return renewed.result(), ended.result()


def log_out_with_the_same(service: Subject, newest: str, _: str) -> Met:
    """The log-out finds the row of its own token in use, by the refresh that uses the token up."""
    return refresh_ahead(service, newest, newest, log_out)


def replay_overtaken(service: Subject, newest: str, first: str) -> Met:
    """The replay finds the row of its token in use, if there is one, and the refresh does not."""
    calls = [partial(refresh, service, first), partial(refresh, service, newest)]
    with held_back(service, calls, ONE_ROW, token_id(first)) as (ended, renewed):
        pass
    return renewed.result(), ended.result()


def replay_beside(service: Subject, newest: str, first: str) -> Met:
    """Both have read all that they want to when the first of them writes."""
    calls = [partial(refresh, service, newest), partial(refresh, service, first)]
    with held_back(service, calls, ANY_WRITE) as (renewed, ended):
        assert not ended.done() or ended.result().status != 401, (
            "A used token came again and got 401 while refresh_tokens was locked, so that nobody "
            "could write to it: the end of its session has to be written down before."
        )
    return renewed.result(), ended.result()


def token_id(token: str) -> str:
    return str(opened(token)[1].get("jti"))


MEETINGS: tuple[tuple[str, Callable[[Subject, str, str], Met]], ...] = (
    ("a log-out with its first token", partial(refresh_ahead, end=log_out)),
    ("a log-out with its first token", log_out_ahead),
    ("a log-out with the same token", log_out_with_the_same),
    ("a replay of its first token", partial(refresh_ahead, end=refresh)),
    ("a replay of its first token", replay_overtaken),
    ("a replay of its first token", replay_beside),
)
