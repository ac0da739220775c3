"""What a token may do, for how long, and how a session ends (A1, A2, A3)."""

from time import time

import pytest

from exercises.grading.people import PASSWORD, People
from exercises.grading.subject import Subject
from tests.exercises.crossing_refreshes import must_not_outlive_its_session
from tests.exercises.forged_tokens import (
    BAD_SIGNATURES,
    GARBAGE,
    INCOMPLETE,
    OTHER_ALGORITHMS,
    OTHER_PARTIES,
    OTHER_TYPES,
    out_of_time,
)
from tests.exercises.passing_days import days_later
from tests.exercises.racing_refreshes import must_both_win, must_let_at_most_one_win
from tests.exercises.session_ends import (
    must_always_be_204,
    must_be_over,
    must_be_over_days_later,
    must_be_traded_days_later,
    must_be_written_down,
    must_get_204,
    must_go_on,
    must_know_nobody,
    must_refuse_another_id,
    replay,
    send_what_is_not_ours,
)
from tests.exercises.token_sessions import (
    LOG_IN,
    log_out,
    must_be_a_good_pair,
    must_be_accepted,
    must_be_refused,
    must_be_refused_everywhere,
    must_be_signed_with_the_key,
    must_believe_a_replica,
    must_differ,
    must_name_issuer_and_audience,
    must_tell_from_genuine,
    refresh,
    successor,
    tokens,
    use,
)


@pytest.mark.criterion(
    "Log-in gives tokens of 15 minutes and of 7 days", points=6, spec=["A1"], lesson="claims-note"
)
def test_log_in_gives_two_tokens(service: Subject, people: People) -> None:
    """Clients plan their renewal by these numbers; an hour too much is an hour for a thief."""
    user = people.user()
    asked_at = time()
    answer = service.post(LOG_IN, json={"email": user.email, "password": PASSWORD})
    must_be_a_good_pair(answer.data, user.id, asked_at)
    must_differ(user.token, user.refresh_token, *tokens(answer.data))
    assert use(service, user.token).status == 200, "A new access token does not open /users/me."


@pytest.mark.criterion(
    "Tokens are signed with SECRET_KEY and HS256", points=5, spec=["A1", "A2"], lesson="claims-note"
)
def test_signed_with_the_configured_key(service: Subject, people: People) -> None:
    """A key of its own in the code is known to all who can read the repository."""
    user = people.user()
    must_be_signed_with_the_key(user)
    must_believe_a_replica(service, user)


@pytest.mark.criterion(
    "A signature that does not fit is refused", points=5, spec=["A2"], lesson="worked-1-note"
)
def test_forged_signatures_are_refused(service: Subject, people: People) -> None:
    """Whoever can write a token can be anybody."""
    must_tell_from_genuine(service, must_be_accepted(service, people.user()), BAD_SIGNATURES)


@pytest.mark.criterion("The algorithm is pinned", points=7, spec=["A2"], lesson="worked-1-note")
def test_algorithm_is_pinned(service: Subject, people: People) -> None:
    """The header is written by the sender: a verifier that obeys it lets the forger choose."""
    must_tell_from_genuine(service, people.user(), OTHER_ALGORITHMS)


@pytest.mark.criterion(
    "Each type of token opens its own door only", points=8, spec=["A2"], lesson="worked-4-note"
)
def test_types_are_kept_apart(service: Subject, people: People) -> None:
    """A refresh token taken for an access token turns 15 minutes into a week."""
    user = people.user()
    must_be_refused(use(service, user.refresh_token), "A refresh token", "access")
    must_be_refused(refresh(service, user.token), "An access token", "refresh")
    must_be_refused_everywhere(service, user, OTHER_TYPES)
    must_get_204(service, user.token, "an access token")
    must_be_accepted(service, user)


@pytest.mark.criterion(
    "A token counts from its beginning to its end", points=6, spec=["A2"], lesson="worked-3-note"
)
def test_lifetimes_are_kept(service: Subject, people: People) -> None:
    """A stolen token without an end is stolen for good."""
    must_tell_from_genuine(service, people.user(), out_of_time())


@pytest.mark.criterion(
    "Others' issuers and audiences are refused", points=6, spec=["A2"], lesson="worked-2-note"
)
def test_issuer_and_audience_are_checked(service: Subject, people: People) -> None:
    """A token that was made for the newsletter service must not open the accounts."""
    user = people.user()
    must_name_issuer_and_audience(user)
    must_tell_from_genuine(service, user, OTHER_PARTIES)


@pytest.mark.criterion(
    "A missing or unreadable claim is refused", points=5, spec=["A1", "A2"], lesson="worked-3-note"
)
def test_claims_are_complete(service: Subject, people: People) -> None:
    """Who sends no `exp` must not live for ever, and a `sub` that is no UUID must not be a 500."""
    user = must_be_accepted(service, people.user())
    must_be_refused_everywhere(service, user, INCOMPLETE)
    must_know_nobody(service, user.refresh_token)


@pytest.mark.criterion(
    "Garbage is answered with 401, never with 500", points=4, spec=["A2"], lesson="worked-1-note"
)
def test_garbage_is_refused(service: Subject, people: People) -> None:
    """Anybody on the internet can send it, and a 500 wakes somebody up at night."""
    must_tell_from_genuine(service, people.user(), GARBAGE)


@pytest.mark.criterion(
    "A refresh token works once, for a new pair", points=7, spec=["A3"], lesson="model"
)
def test_each_refresh_token_works_once(service: Subject, people: People) -> None:
    """A token that works for ever is worth stealing; one that works once gives the thief away."""
    user = people.user()
    second = must_be_traded_days_later(service, people, user, user.refresh_token)
    used = second["refresh_token"]
    third = must_be_traded_days_later(service, people, user, used)
    must_differ(user.token, user.refresh_token, *tokens(second), *tokens(third))
    assert use(service, third["access_token"]).status == 200, "A refreshed access token is no good."
    must_be_refused(refresh(service, used), "A refresh token that has been used", "refresh")


@pytest.mark.criterion(
    "A used refresh token ends its whole session", points=9, spec=["A3"], lesson="measure-note"
)
def test_replay_ends_the_session(service: Subject, people: People) -> None:
    """Two have the token and nobody knows which is the thief, so neither may go on."""
    user = people.user()
    used = successor(service, user.refresh_token)
    newest = successor(service, successor(service, used))
    _, other = people.log_in(user.email)
    must_be_written_down(service, "a replay", used, newest)
    undone = replay(service, used)
    must_be_over(service, newest, "a used token came again, the second of four", undone)
    must_go_on(service, other, "a replay in another session of the same user")


@pytest.mark.criterion(
    "Of simultaneous refreshes at most one wins", points=7, spec=["A3"], lesson="second-look"
)
def test_one_of_many_refreshes_wins(service: Subject, people: People) -> None:
    """A check followed by a write lets thief and owner through, each with a session."""
    must_let_at_most_one_win(service, people)
    must_both_win(service, people)


@pytest.mark.criterion(
    "A session's end catches a refresh that crosses it", points=6, spec=["A3"], lesson="crossing"
)
def test_refresh_does_not_outlive_log_out(service: Subject, people: People) -> None:
    """A thief's client refreshes all the time, so sooner or later it meets the log-out."""
    must_not_outlive_its_session(service, people)


@pytest.mark.criterion(
    "Log-out ends the session, and is always 204", points=6, spec=["A3"], lesson="model"
)
def test_log_out_ends_the_session(service: Subject, people: People) -> None:
    """Log-out is all that a user can do about a lost laptop."""
    user = people.user()
    newest = successor(service, user.refresh_token)
    must_be_written_down(service, "log-out", newest, newest)
    must_always_be_204(service, newest)
    must_be_over(service, newest, "log-out")
    kept = use(service, user.token).status
    assert kept == 200, f"After log-out, an access token got {kept}; expected 200 for its 900 s."


@pytest.mark.criterion(
    "Log-out with a used token ends the session too", points=4, spec=["A3"], lesson="incident"
)
def test_log_out_with_a_used_token_ends_the_session(service: Subject, people: People) -> None:
    """If the thief refreshed first, the owner's token is the used one, and log-out must count."""
    user = people.user()
    newest = successor(service, successor(service, user.refresh_token))
    _, other = people.log_in(user.email)
    first, newest, other = days_later(service, people, user.refresh_token, newest, other)
    people.log_in(user.email)
    newest = successor(service, newest)
    log_out(service, first)
    must_go_on(service, other, "log-out with a used token of another session")
    must_be_over_days_later(service, people, user, newest, "log-out with a token used days before")


@pytest.mark.criterion(
    "A session is ended by its own tokens only", points=5, spec=["A3"], lesson="model"
)
def test_other_sessions_go_on(service: Subject, people: People) -> None:
    """Otherwise a lost phone, or a forger with a token's id, logs people out everywhere."""
    user = people.user()
    (_, laptop), (_, tablet) = people.log_in(user.email), people.log_in(user.email)
    log_out(service, laptop)
    phone = must_go_on(service, user.refresh_token, "two more log-ins, and log-out from one")
    successor(service, tablet)
    refresh(service, tablet)
    used, phone = phone, must_go_on(service, phone, "a replay in another session of the same user")
    must_refuse_another_id(service, tablet)
    send_what_is_not_ours(service, used)
    must_go_on(service, phone, "a refresh and log-outs with tokens that are not ours")


@pytest.mark.criterion(
    "What ended stays ended after a restart", points=4, spec=["A3"], lesson="model"
)
def test_sessions_survive_a_restart(service: Subject, people: People) -> None:
    """What one process remembers is forgotten by the next deploy, and unknown to its replicas."""
    user = people.user()
    _, logged_out = people.log_in(user.email)
    log_out(service, logged_out)
    newest = successor(service, user.refresh_token)
    service.cache.flushdb()
    with service.replica() as new:
        begun = "the start of a new process of the service, with an empty cache"
        must_be_over(service, logged_out, f"log-out and {begun}", at=new)
        newest = must_go_on(service, newest, begun, at=new)
        [used] = days_later(service, people, user.refresh_token)
        log_out(service, people.log_in(user.email)[1])
        refresh(service, used, new)
    must_be_over(service, newest, "a replay, days later, at another process of the service")
