"""Tokens for `test_10_tokens.py`: opened, and forged, with the standard library alone."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import partial
from hmac import digest
from time import time
from typing import Any
from uuid import uuid4

from exercises.grading.catalog import find_exercise

SETTINGS = find_exercise("10_tokens").about.settings
KEY = SETTINGS["SECRET_KEY"]
OTHER_KEY = "another service of the same company signs with this"

PROMISED = {"iss", "aud", "sub", "type", "iat", "exp", "jti"}
"""The claims that every token of ours has; whatever else is in one, its maker has put there."""

BEYOND_LEEWAY = 75
"""Seconds; a quarter more than clocks may be apart at most: what is in the future comes nearer."""

PAST_LEEWAY = 62
"""Seconds; what is in the past only goes further away."""

Forgery = Callable[[str], str]


def encoded(part: object) -> str:
    return in_base64(json.dumps(part))


def in_base64(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def signed(header: object, claims: object, key: str = KEY, hash_name: str = "sha256") -> str:
    return sealed(f"{encoded(header)}.{encoded(claims)}", key, hash_name)


def sealed(text: str, key: str = KEY, hash_name: str = "sha256") -> str:
    """Header and claims as they stand, and the signature that belongs to them."""
    signature = urlsafe_b64encode(digest(key.encode(), text.encode(), hash_name)).decode()
    return f"{text}.{signature.rstrip('=')}"


def opened(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token, not verified."""
    parts = token.split(".")
    assert len(parts) == 3, f"A token is no JWT: it has {len(parts)} parts between dots, not 3."
    header, claims = (json.loads(urlsafe_b64decode(part + "===")) for part in parts[:2])
    return header, claims


def altered(token: str, **changes: object) -> str:
    """A genuine token with claims changed (`None` leaves one out), signed again with the key."""
    header, claims = opened(token)
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return signed(header, claims)


def forged(token: str) -> str:
    """The same claims, signed by somebody who does not have the key."""
    return signed(*opened(token), OTHER_KEY)


def never_issued(token: str) -> str:
    """Well signed, of the same session as far as its claims say, and with an id of its own."""
    return altered(token, jti=str(uuid4()))


def plain(token: str) -> str:
    """Well signed, never issued, and without the claims that its maker has added."""
    header, claims = opened(never_issued(token))
    return signed(header, {name: claims[name] for name in claims.keys() & PROMISED})


def with_numbers(token: str) -> str:
    """Well signed, never issued, and with a number in each claim that its maker has added."""
    claims = opened(token)[1]
    return altered(never_issued(token), **dict.fromkeys(claims.keys() - PROMISED, 7))


def of_nobody(token: str) -> str:
    """Well signed, never issued, and with an id that no user has."""
    return altered(never_issued(token), sub=str(uuid4()))


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


def with_claim(name: str, value: object) -> Forgery:
    """What sets one claim of a genuine token (`None` leaves it out) and signs it again."""
    return lambda token: altered(token, **{name: value})


def with_changed(name: str, change: Callable[[str], str]) -> Forgery:
    """What changes one claim of a genuine token and signs it again."""
    return lambda token: altered(token, **{name: change(opened(token)[1][name])})


def nested(_: str) -> str:
    """A header that goes deeper than Python's JSON reader does."""
    header = '{"alg": "HS256", "x": ' + "[" * 1_100 + "]" * 1_100 + "}"
    return f"{in_base64(header)}.e30.c2ln"


BAD_SIGNATURES: dict[str, Forgery] = {
    "A token signed with another key": forged,
    "A token with somebody else's id written into it": tampered,
    "A token with its signature cut off": lambda token: token.rpartition(".")[0] + ".",
    "A token with half of its signature": lambda token: token[:-19],  # whole bytes
}

OTHER_ALGORITHMS: dict[str, Forgery] = {
    "An unsigned token with alg 'none'": partial(unsigned, name="none"),
    "An unsigned token with alg 'None'": partial(unsigned, name="None"),
    "An unsigned token with alg 'NONE'": partial(unsigned, name="NONE"),
    "A token signed with the right key, but with HS512": partial(
        with_algorithm, name="HS512", hash_name="sha512"
    ),
    "A token signed with the right key, but with HS384": partial(
        with_algorithm, name="HS384", hash_name="sha384"
    ),
}

OTHER_TYPES: dict[str, Forgery] = {
    "A token without a type": with_claim("type", None),
    "A token of type 'id'": with_claim("type", "id"),
    "A token with its type in capitals": with_changed("type", str.upper),
    "A token of a type that begins like its own": with_changed("type", "{}-x".format),
}

OTHER_PARTIES: dict[str, Forgery] = {
    "A token of another issuer (iss)": with_claim("iss", "newsletter"),
    "A token of an issuer whose name begins like ours (iss)": with_claim(
        "iss", f"{SETTINGS['TOKEN_ISSUER']}.evil"
    ),
    "A token of an issuer whose name is a part of ours (iss)": with_claim(
        "iss", SETTINGS["TOKEN_ISSUER"][:-4]
    ),
    "A token of our issuer with a slash more (iss)": with_claim(
        "iss", f"{SETTINGS['TOKEN_ISSUER']}/"
    ),
    "A token of our issuer in capitals (iss)": with_claim("iss", SETTINGS["TOKEN_ISSUER"].upper()),
    "A token without an issuer (iss)": with_claim("iss", None),
    "A token for another audience (aud)": with_claim("aud", SETTINGS["TOKEN_ISSUER"]),
    "A token for an audience whose name begins like ours (aud)": with_claim(
        "aud", f"{SETTINGS['TOKEN_AUDIENCE']}.evil"
    ),
    "A token for an audience whose name is a part of ours (aud)": with_claim(
        "aud", SETTINGS["TOKEN_AUDIENCE"][:-4]
    ),
    "A token for our audience with a slash more (aud)": with_claim(
        "aud", f"{SETTINGS['TOKEN_AUDIENCE']}/"
    ),
    "A token for no audience, an empty list (aud)": with_claim("aud", []),
    "A token for audiences of which none is ours (aud)": with_claim(
        "aud", [SETTINGS["TOKEN_AUDIENCE"][:-4], "newsletter"]
    ),
    "A token without an audience (aud)": with_claim("aud", None),
}

INCOMPLETE: dict[str, Forgery] = {
    "A well-signed token without sub": with_claim("sub", None),
    "A well-signed token without iat": with_claim("iat", None),
    "A well-signed token without jti": with_claim("jti", None),
    "A well-signed token whose sub is no UUID": with_claim("sub", "7"),
    "A well-signed token whose sub is a number": with_claim("sub", 7),
    "A well-signed token whose jti is a number": with_claim("jti", 7),
    "A well-signed token whose type is a list": with_claim("type", ["access", "refresh"]),
    "A well-signed token whose exp is a word": with_claim("exp", "tomorrow"),
    "A well-signed token whose exp is infinite": with_claim("exp", float("inf")),
    "A well-signed token whose exp is NaN": with_claim("exp", float("nan")),
    "A well-signed token whose nbf is a word": with_claim("nbf", "tomorrow"),
    "A well-signed token whose jti is no UUID": with_claim("jti", "7"),
}

GARBAGE: dict[str, Forgery] = {
    "One word": lambda _: "open-sesame",
    "Two dots": lambda _: "..",
    "Three words": lambda _: "not.a.token",
    "A token in four parts": lambda token: f"{token}.more",
    "A token whose header is no JSON": lambda token: f"eyJhbGciOiJI.{token.partition('.')[2]}",
    "A token whose header is a list": lambda token: signed([], opened(token)[1]),
    "A token whose header names no algorithm": lambda token: signed(
        {"typ": "JWT"}, opened(token)[1]
    ),
    "A token whose claims are a list": lambda token: signed(opened(token)[0], []),
    "A token whose header is nested 1,100 times": nested,
    "A token of 3,000 characters": lambda _: f"{'A' * 1000}.{'B' * 1900}.{'C' * 98}",
}


def out_of_time() -> dict[str, Forgery]:
    """Genuine tokens but for their times."""
    now = int(time())
    past, future = now - PAST_LEEWAY, now + BEYOND_LEEWAY
    return {
        f"A token that expired {PAST_LEEWAY} s ago": partial(altered, iat=past - 900, exp=past),
        "A token without exp": with_claim("exp", None),
        f"A token that is valid (nbf) only in {BEYOND_LEEWAY} s": with_claim("nbf", future),
        f"A token that is valid (nbf) only in {BEYOND_LEEWAY}.5 s": with_claim("nbf", future + 0.5),
        f"A token issued (iat) {BEYOND_LEEWAY} s in the future": partial(
            altered, iat=future, exp=future + 900
        ),
        f"A token issued (iat) {BEYOND_LEEWAY}.5 s in the future": partial(
            altered, iat=future + 0.5, exp=future + 900
        ),
    }
