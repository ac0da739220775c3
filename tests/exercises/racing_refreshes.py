"""Refreshes that meet one another, of one session and of two, for `test_10_tokens.py`."""

from functools import partial

from exercises.grading.people import People
from exercises.grading.race import race
from exercises.grading.subject import Subject
from tests.exercises.session_ends import must_be_over
from tests.exercises.token_sessions import must_be_accepted, refresh, use
from tests.exercises.waiting_calls import ANY_WRITE, held_back


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


def must_both_win(service: Subject, people: People) -> None:
    """Two sessions of one user that are refreshed at the same moment: neither notices."""
    user = people.user()
    sessions = user.refresh_token, people.log_in(user.email)[1]
    refreshes = [partial(refresh, service, each) for each in sessions]
    with held_back(service, refreshes, ANY_WRITE) as calls:
        pass
    statuses = [call.result().status for call in calls]
    assert statuses == [200, 200], (
        f"Two sessions of one user were refreshed at the same moment and got {statuses}; expected "
        "200 for both: what goes on in one session, another never notices."
    )
