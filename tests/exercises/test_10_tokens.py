"""What a token may do, for how long, and how a session ends (A1, A2, A3)."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import partial
from hmac import digest
from time import time
from typing import Any
from uuid import UUID

import pytest

from exercises.grading.answer import Answer
from exercises.grading.catalog import find_exercise
from exercises.grading.people import PASSWORD, People, Person
from exercises.grading.subject import Subject

ME = "/api/v1/users/me"
LOG_IN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
LOG_OUT = "/api/v1/auth/logout"

SETTINGS = find_exercise("10_tokens").about.settings
KEY = SETTINGS["SECRET_KEY"]
OTHER_KEY = "another service of the same company signs with this"
LIFETIMES = {"access": 900, "refresh": 604_800}
BEYOND_LEEWAY = 120
"""Seconds; twice the most that clocks may be apart."""

Forgery = Callable[[str], str]


# What can be done with a token


def knock(service: Subject, kind: str, token: str) -> Answer:
    """Presents a token where one of this kind is asked for."""
    return use(service, token) if kind == "access" else refresh(service, token)


def use(service: Subject, access_token: str) -> Answer:
    return service.get(ME, token=access_token)


def refresh(service: Subject, refresh_token: str) -> Answer:
    return service.post(REFRESH, json={"refresh_token": refresh_token})


def log_out(service: Subject, refresh_token: str) -> Answer:
    return service.post(LOG_OUT, json={"refresh_token": refresh_token})


def successor(service: Subject, refresh_token: str) -> str:
    """The refresh token that a good one is traded for."""
    answer = refresh(service, refresh_token)
    assert answer.status == 200, (
        f"A refresh token that had never been used got {answer.status}; expected 200 and a new pair."
    )
    return str(answer.data["refresh_token"])


# Tokens opened and forged


def encoded(part: object) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def signed(header: object, claims: object, key: str = KEY, hash_name: str = "sha256") -> str:
    text = f"{encoded(header)}.{encoded(claims)}"
    signature = urlsafe_b64encode(digest(key.encode(), text.encode(), hash_name)).decode()
    return f"{text}.{signature.rstrip('=')}"


def opened(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token, not verified."""
    parts = token.split(".")
    assert len(parts) == 3, f"A token is no JWT: it has {len(parts)} parts between dots, not 3."
    header, claims = (json.loads(urlsafe_b64decode(part + "===")) for part in parts[:2])
    return header, claims


def altered(token: str, *, key: str = KEY, **changes: object) -> str:
    """A genuine token with claims changed (`None` leaves one out), and signed again."""
    header, claims = opened(token)
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return signed(header, claims, key)


def with_algorithm(token: str, name: str, hash_name: str) -> str:
    """A genuine token signed again with the right key and another algorithm."""
    header, claims = opened(token)
    return signed(header | {"alg": name}, claims, hash_name=hash_name)


def unsigned(token: str, name: str) -> str:
    """A genuine token whose header says that no signature is needed."""
    header, claims = opened(token)
    return f"{encoded(header | {'alg': name})}.{encoded(claims)}."


def tampered(token: str) -> str:
    """Somebody else's id in the claims, the signature left as it was."""
    header, claims = opened(token)
    claims |= {"sub": "00000000-0000-4000-8000-000000000000"}
    return ".".join([encoded(header), encoded(claims), token.split(".")[2]])


# What is promised of an answer


def must_be_refused(answer: Answer, what: str, kind: str) -> None:
    where = "an access token" if kind == "access" else "a refresh token"
    assert answer.status == 401, f"{what}, presented as {where}, got {answer.status}; expected 401."
    assert "www-authenticate" in answer.headers, (
        f"{what}, presented as {where}, got a 401 without a WWW-Authenticate header."
    )


def must_be_refused_everywhere(service: Subject, person: Person, forge: Forgery, what: str) -> None:
    """Neither kind of token is accepted once `forge` has been at it."""
    for kind, genuine in (("access", person.token), ("refresh", person.refresh_token)):
        must_be_refused(knock(service, kind, forge(genuine)), what, kind)


def must_be_over(service: Subject, newest_token: str, what: str) -> None:
    answer = refresh(service, newest_token)
    assert answer.status == 401, (
        f"After {what}, the newest refresh token of that session got {answer.status}; "
        "expected 401: the session has to be over."
    )


def must_go_on(service: Subject, newest_token: str, what: str) -> str:
    answer = refresh(service, newest_token)
    assert answer.status == 200, (
        f"After {what}, the newest refresh token of a session that has nothing to do with it got "
        f"{answer.status}; expected 200: that session has to go on."
    )
    return str(answer.data["refresh_token"])


def must_be_a_good_pair(data: dict[str, Any], user_id: str, asked_at: float) -> None:
    assert data["expires_in"] == 900, f"expires_in is {data['expires_in']!r}; expected 900."
    for kind, lifetime in LIFETIMES.items():
        _, claims = opened(data[f"{kind}_token"])
        missing = {"sub", "type", "iat", "exp", "jti"} - claims.keys()
        assert not missing, f"The {kind} token has no claim {', '.join(sorted(missing))}."
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


def is_uuid4(text: str) -> bool:
    try:
        return UUID(text).version == 4
    except ValueError:
        return False


# A1: what a token is


@pytest.mark.criterion(
    "Log-in gives an access token for 15 minutes and a refresh token for 7 days",
    points=7,
    spec=["A1"],
    lesson="model",
)
def test_log_in_gives_two_tokens(service: Subject, people: People) -> None:
    """Clients plan their renewal by these numbers; an hour too much is an hour for a thief."""
    user = people.user()
    ids = []
    for _ in range(2):
        asked_at = time()
        answer = service.post(LOG_IN, json={"email": user.email, "password": PASSWORD})
        must_be_a_good_pair(answer.data, user.id, asked_at)
        ids += [opened(answer.data[f"{kind}_token"])[1]["jti"] for kind in LIFETIMES]
    assert len(set(ids)) == 4, "Two tokens have the same jti; each token needs one of its own."
    assert use(service, user.token).status == 200, "A new access token does not open /users/me."


@pytest.mark.criterion(
    "Tokens are signed with SECRET_KEY and HS256, so that every replica can read them",
    points=5,
    spec=["A1", "A2"],
    lesson="model",
)
def test_signed_with_the_configured_key(service: Subject, people: People) -> None:
    """A key of its own in the code is known to all who can read the repository."""
    user = people.user()
    for kind, token in (("access", user.token), ("refresh", user.refresh_token)):
        header, _ = opened(token)
        text, _, signature = token.rpartition(".")
        expected = urlsafe_b64encode(digest(KEY.encode(), text.encode(), "sha256")).decode()
        assert header["alg"] == "HS256", f"alg of the {kind} token is {header['alg']!r}, not HS256."
        assert signature == expected.rstrip("="), (
            f"The signature of the {kind} token was not made with the SECRET_KEY of the "
            "configuration."
        )
    answer = use(service, altered(user.token))
    assert answer.status == 200, (
        f"A genuine access token, signed again with SECRET_KEY as another replica would sign it, "
        f"got {answer.status}; expected 200."
    )


# A2: what is believed


@pytest.mark.criterion(
    "A token with a signature that does not fit is refused",
    points=6,
    spec=["A2"],
    lesson="second-look",
)
def test_forged_signatures_are_refused(service: Subject, people: People) -> None:
    """Whoever can write a token can be anybody."""
    user = people.user()
    forgeries: dict[str, Forgery] = {
        "A token signed with another key": partial(altered, key=OTHER_KEY),
        "A token with somebody else's id written into it": tampered,
        "A token with its signature cut off": lambda token: token.rpartition(".")[0] + ".",
        "A token with half of its signature": lambda token: token[:-20],
    }
    for what, forge in forgeries.items():
        must_be_refused_everywhere(service, user, forge, what)


@pytest.mark.criterion(
    "The algorithm is pinned: “none” and relatives of HS256 are refused",
    points=8,
    spec=["A2"],
    lesson="second-look",
)
def test_algorithm_is_pinned(service: Subject, people: People) -> None:
    """The header is written by the sender: a verifier that obeys it lets the forger choose."""
    user = people.user()
    for name in ("none", "None", "NONE"):
        forge = partial(unsigned, name=name)
        must_be_refused_everywhere(service, user, forge, f"An unsigned token with alg {name!r}")
    for name, hash_name in (("HS512", "sha512"), ("HS384", "sha384")):
        forge = partial(with_algorithm, name=name, hash_name=hash_name)
        what = f"A token signed with the right key, but with {name}"
        must_be_refused_everywhere(service, user, forge, what)


@pytest.mark.criterion(
    "An access token does not refresh, and a refresh token opens nothing else",
    points=9,
    spec=["A2"],
    lesson="worked-example",
)
def test_types_are_kept_apart(service: Subject, people: People) -> None:
    """A refresh token taken for an access token turns 15 minutes into a week."""
    user = people.user()
    must_be_refused(use(service, user.refresh_token), "A refresh token", "access")
    must_be_refused(refresh(service, user.token), "An access token", "refresh")
    for value, what in ((None, "A token without a type"), ("id", "A token of type 'id'")):
        forge = partial(altered, type=value)
        must_be_refused_everywhere(service, user, forge, what)


@pytest.mark.criterion(
    "A token counts only from its beginning to its end, give or take a minute",
    points=7,
    spec=["A2"],
    lesson="worked-example",
)
def test_lifetimes_are_kept(service: Subject, people: People) -> None:
    """A stolen token without an end is stolen for good."""
    user = people.user()
    now = int(time())
    past, future = now - BEYOND_LEEWAY, now + BEYOND_LEEWAY
    forgeries: dict[str, Forgery] = {
        f"A token that expired {BEYOND_LEEWAY} s ago": partial(altered, iat=past - 900, exp=past),
        "A token without exp": partial(altered, exp=None),
        f"A token that is valid (nbf) only in {BEYOND_LEEWAY} s": partial(altered, nbf=future),
        f"A token issued (iat) {BEYOND_LEEWAY} s in the future": partial(
            altered, iat=future, exp=future + 900
        ),
    }
    for what, forge in forgeries.items():
        must_be_refused_everywhere(service, user, forge, what)


@pytest.mark.criterion(
    "Tokens name their issuer and audience, and others' are refused",
    points=6,
    spec=["A2"],
    lesson="worked-example",
)
def test_issuer_and_audience_are_checked(service: Subject, people: People) -> None:
    """A token that was made for the newsletter service must not open the accounts."""
    user = people.user()
    for kind, token in (("access", user.token), ("refresh", user.refresh_token)):
        _, claims = opened(token)
        issuer, audience = claims.get("iss"), claims.get("aud")
        assert issuer == SETTINGS["TOKEN_ISSUER"], (
            f"iss of the {kind} token is {issuer!r}; expected what TOKEN_ISSUER says."
        )
        assert audience in (SETTINGS["TOKEN_AUDIENCE"], [SETTINGS["TOKEN_AUDIENCE"]]), (
            f"aud of the {kind} token is {audience!r}; expected what TOKEN_AUDIENCE says."
        )
    for claim, name in (("iss", "issuer"), ("aud", "audience")):
        for value, what in (("newsletter", f"of another {name}"), (None, f"without {name}")):
            forge = partial(altered, **{claim: value})
            must_be_refused_everywhere(service, user, forge, f"A token {what} ({claim})")


@pytest.mark.criterion(
    "A token that lacks one of its claims is refused, also when the signature fits",
    points=5,
    spec=["A1", "A2"],
    lesson="worked-example",
)
def test_claims_are_complete(service: Subject, people: People) -> None:
    """A check of a claim that may be absent is no check; and a missing key must not be a 500."""
    user = people.user()
    for claim in ("sub", "iat", "jti"):
        forge = partial(altered, **{claim: None})
        must_be_refused_everywhere(service, user, forge, f"A well-signed token without {claim}")
    for claim in ("sub", "jti"):
        forge = partial(altered, **{claim: "7"})
        what = f"A well-signed token whose {claim} is no UUID"
        must_be_refused_everywhere(service, user, forge, what)


@pytest.mark.criterion(
    "Garbage is answered with 401, never with 500",
    points=4,
    spec=["A2"],
    lesson="second-look",
)
def test_garbage_is_refused(service: Subject, people: People) -> None:
    """Anybody on the internet can send it, and a 500 wakes somebody up at night."""
    user = people.user()
    header, claims = opened(user.token)
    garbage = {
        "One word": "open-sesame",
        "Two dots": "..",
        "Three words": "not.a.token",
        "A token in four parts": user.token + ".more",
        "A token whose header is no JSON": "eyJhbGciOiJI." + user.token.partition(".")[2],
        "A token whose header is a list": signed([], claims),
        "A token whose header names no algorithm": signed({"typ": "JWT"}, claims),
        "A token whose claims are a list": signed(header, []),
        "A token of 3,000 characters": f"{'A' * 1000}.{'B' * 1900}.{'C' * 98}",
    }
    for what, token in garbage.items():
        for kind in LIFETIMES:
            must_be_refused(knock(service, kind, token), what, kind)


# A3: how a session goes on, and how it ends


@pytest.mark.criterion(
    "A refresh gives a new pair, and the old refresh token is used up",
    points=8,
    spec=["A3"],
    lesson="worked-example",
)
def test_each_refresh_token_works_once(service: Subject, people: People) -> None:
    """A token that works for ever is worth stealing; one that works once gives the thief away."""
    user = people.user()
    first = user.refresh_token
    for _ in range(2):
        asked_at = time()
        answer = refresh(service, first)
        assert answer.status == 200, (
            f"The newest refresh token of a session got {answer.status}; expected 200."
        )
        must_be_a_good_pair(answer.data, user.id, asked_at)
        first, used = answer.data["refresh_token"], first
        assert use(service, answer.data["access_token"]).status == 200, (
            "The access token that a refresh gave does not open /users/me."
        )
    must_be_refused(refresh(service, used), "A refresh token that has been used", "refresh")


@pytest.mark.criterion(
    "A used refresh token that comes again ends the whole session",
    points=9,
    spec=["A3"],
    lesson="incident",
)
def test_replay_ends_the_session(service: Subject, people: People) -> None:
    """Two have the token and nobody knows which is the thief, so neither may go on."""
    user = people.user()
    second = successor(service, user.refresh_token)
    refresh(service, user.refresh_token)
    must_be_over(service, second, "a used token came again")

    _, first = people.log_in(user.email)
    newest = successor(service, successor(service, successor(service, first)))
    refresh(service, first)
    must_be_over(service, newest, "the first of four tokens came again")


@pytest.mark.criterion(
    "Of many refreshes with one token at the same moment, at most one wins",
    points=7,
    spec=["A3"],
    lesson="second-look",
)
def test_one_of_many_refreshes_wins(service: Subject, people: People) -> None:
    """A check followed by a write lets thief and owner through side by side, each with a session."""
    user = people.user()
    for _ in range(2):
        _, token = people.log_in(user.email)
        answers = service.together([lambda token=token: refresh(service, token)] * 8)  # type: ignore[misc]
        statuses = sorted(answer.status for answer in answers)
        assert statuses.count(200) <= 1, (
            f"{statuses.count(200)} of 8 simultaneous refreshes with one token got 200; "
            "expected at most one."
        )
        assert set(statuses) <= {200, 401}, (
            f"8 simultaneous refreshes with one token got {statuses}; expected 401 for all but one."
        )


@pytest.mark.criterion(
    "Log-out ends the session, and is 204 whatever it is given",
    points=6,
    spec=["A3"],
    lesson="worked-example",
)
def test_log_out_ends_the_session(service: Subject, people: People) -> None:
    """Log-out is all that a user can do about a lost laptop."""
    user = people.user()
    newest = successor(service, user.refresh_token)
    for token, what in (
        (newest, "a good refresh token"),
        (newest, "the same token for the second time"),
        ("not.a.token", "something that is no token"),
        (altered(newest, key=OTHER_KEY), "a forged token"),
        (altered(newest, exp=int(time()) - BEYOND_LEEWAY), "an expired token"),
    ):
        answer = log_out(service, token)
        assert answer.status == 204, f"Log-out with {what} got {answer.status}; expected 204."
    must_be_over(service, newest, "log-out")


@pytest.mark.criterion(
    "Log-out with a token that is used up ends the session too",
    points=4,
    spec=["A3"],
    lesson="incident",
)
def test_log_out_with_a_used_token_ends_the_session(service: Subject, people: People) -> None:
    """If the thief refreshed first, the owner's token is the used one, and log-out must count."""
    user = people.user()
    newest = successor(service, successor(service, user.refresh_token))
    log_out(service, user.refresh_token)
    must_be_over(service, newest, "log-out with the session's first token, used up by then")


@pytest.mark.criterion(
    "A session is ended by its own tokens only",
    points=5,
    spec=["A3"],
    lesson="worked-example",
)
def test_other_sessions_go_on(service: Subject, people: People) -> None:
    """Otherwise a lost phone, or a forger with a token's id, logs people out everywhere."""
    user = people.user()
    _, phone = people.log_in(user.email)
    log_out(service, user.refresh_token)
    phone = must_go_on(service, phone, "log-out from another session of the same user")

    _, tablet = people.log_in(user.email)
    successor(service, tablet)
    refresh(service, tablet)
    used, phone = phone, must_go_on(service, phone, "a replay in another session of the same user")

    forged = altered(used, key=OTHER_KEY)
    refresh(service, forged)
    log_out(service, forged)
    must_go_on(service, phone, "a refresh and a log-out with a forged token of this session's past")


@pytest.mark.criterion(
    "What is used up or logged out stays so after a restart, and what is good stays good",
    points=4,
    spec=["A3"],
    lesson="model",
)
def test_sessions_survive_a_restart(service: Subject, people: People) -> None:
    """What one process remembers is forgotten by the next deploy, and unknown to its replicas."""
    user = people.user()
    _, logged_out = people.log_in(user.email)
    log_out(service, logged_out)
    newest = successor(service, user.refresh_token)
    service.process.kill()
    service.cache.flushdb()
    service.process.start()
    must_be_over(service, logged_out, "log-out and a restart of the service with an empty cache")
    newest = must_go_on(service, newest, "a restart of the service with an empty cache")
    refresh(service, user.refresh_token)
    must_be_over(service, newest, "a restart, then a replay of a token used before it")
