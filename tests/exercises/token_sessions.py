"""Tokens for `test_10_tokens.py`: what can be done with one, and what has to come of it."""

from collections.abc import Mapping
from dataclasses import replace
from time import time
from typing import Any
from uuid import UUID

from exercises.grading.answer import Answer
from exercises.grading.people import Person
from exercises.grading.subject import Subject
from tests.exercises.forged_tokens import SETTINGS, Forgery, altered, opened, sealed

ME = "/api/v1/users/me"
LOG_IN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
LOG_OUT = "/api/v1/auth/logout"

LIFETIMES = {"access": 900, "refresh": 604_800}
CLAIMS = {"sub", "type", "iat", "exp", "jti"}


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


def tokens(pair: Mapping[str, Any]) -> list[str]:
    """Both tokens of an answer."""
    return [str(pair[f"{kind}_token"]) for kind in LIFETIMES]


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
    """Neither kind of token is accepted once a forgery has been made of it."""
    for what, forge in forgeries.items():
        for kind, genuine in both(person):
            must_be_refused(knock(service, kind, forge(genuine)), what, kind)


def must_tell_from_genuine(
    service: Subject, person: Person, forgeries: Mapping[str, Forgery]
) -> None:
    """Forgeries are refused, and what they have been made of is accepted."""
    must_be_refused_everywhere(service, person, forgeries)
    must_be_accepted(service, person)


def must_be_accepted(service: Subject, person: Person) -> Person:
    """The same person with a refresh token that is still good, after the one they had.

    Whoever refuses everything refuses forgeries too, and keeps nobody out by that. After forgeries
    it tells as well that they have used nothing up and ended nothing.
    """
    answer = use(service, person.token)
    assert answer.status == 200, (
        f"A genuine access token got {answer.status}; expected 200. Only then does it mean "
        "anything that forged ones are refused."
    )
    answer = refresh(service, person.refresh_token)
    assert answer.status == 200, (
        f"A genuine refresh token that had never been used got {answer.status}; expected 200. "
        "Forged ones, and access tokens, use nothing up and end nothing."
    )
    return replace(person, refresh_token=str(answer.data["refresh_token"]))


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


def must_differ(*given: str) -> None:
    ids = {opened(token)[1]["jti"] for token in given}
    assert len(ids) == len(given), "Two tokens have the same jti; each token needs one of its own."


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
