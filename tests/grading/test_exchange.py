"""Evidence is masked before it is shown, and what is equal keeps an equal name."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from time import time

from exercises.grading.exchange import LONGEST_BODY, Exchange, transcript

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"  # pragma: allowlist secret
OTHER_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJiIn0.c2lnbmF0dXJl"  # pragma: allowlist secret
LOGGED = '{"level": "info", "event": "login", "password": "hunter2"}'  # pragma: allowlist secret
ID = "1f0c7a3e-6a53-4d1b-9a58-0f4d6c0a7e11"


def shown(exchange: Exchange, logs: list[str] | None = None) -> str:
    evidence = transcript(exchange, logs or [], [])
    return "\n".join([*evidence.request, *evidence.response, *evidence.logs])


def test_passwords_tokens_and_hashes_are_never_shown() -> None:
    text = shown(
        Exchange(
            "POST",
            "/login",
            "r",
            token=TOKEN,
            request_body={
                "password": "hunter2-hunter2",  # pragma: allowlist secret
                "nested": [{"secret_key": "abc"}],
            },
            status=200,
            body={"access_token": TOKEN, "hash": "$argon2id$v=19$m=1024$abc$def"},
        ),
        [LOGGED],
    )
    for secret in ("hunter2", TOKEN, "abc$def", '"abc"'):
        assert secret not in text


def test_equal_values_get_equal_names_and_others_get_others() -> None:
    text = shown(
        Exchange("GET", f"/users/{ID}", "r", status=200, body=[ID, TOKEN, TOKEN, OTHER_TOKEN])
    )
    assert text.count("‹id 1›") == 2
    assert text.count("‹token 1›") == 2
    assert text.count("‹token 2›") == 1


def test_what_a_token_says_is_shown_but_not_its_signature() -> None:
    text = shown(Exchange("GET", "/", "r", token=TOKEN, status=200))
    assert '‹token 1›: {"alg":"HS256"} {"sub":"a"}' in text
    assert TOKEN.rsplit(".", 1)[1] not in text


def test_times_in_a_token_are_told_from_now() -> None:
    def part(content: Mapping[str, object]) -> str:
        return urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    now = int(time())
    claims = {"iat": now, "exp": now + 900, "nbf": now - 60}
    token = f"{part({'alg': 'HS256'})}.{part(claims)}.c2lnbmF0dXJl"
    text = shown(Exchange("GET", "/", "r", token=token, status=200))
    assert '{"iat": "now", "exp": "now+900s", "nbf": "now-60s"}' in text


def test_an_exchange_without_answer_says_why() -> None:
    exchange = Exchange("GET", "/", "r", failure="no answer within 3 s")
    assert transcript(exchange, [], []).response == ["no answer within 3 s"]


def test_a_long_body_is_cut_and_says_by_how_much() -> None:
    exchange = Exchange("GET", "/", "r", status=200, body="x" * (LONGEST_BODY + 1234))
    assert "1,234 more characters" in shown(exchange)


def test_a_log_line_that_is_no_json_is_shown_as_it_is() -> None:
    assert "Traceback" in shown(Exchange("GET", "/", "r", status=500), ["Traceback (most"])
