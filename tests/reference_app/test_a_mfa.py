"""A5: a second factor by RFC 6238. Each code works once, and no login gets past it."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.reference_app.client import Client, Person
from tests.reference_app.one_time_codes import (
    MFA,
    App,
    answer,
    challenged,
    code_at,
    confirm,
    enrolled,
    switched_on,
)

RFC_SECRET = b"12345678901234567890"
RFC_CODES = {
    59: "94287082",
    1_111_111_109: "07081804",
    1_111_111_111: "14050471",
    1_234_567_890: "89005924",
    2_000_000_000: "69279037",
    20_000_000_000: "65353130",
}


def state(client: Client, ada: Person) -> tuple[str, int]:
    data = client.get(MFA, by=ada).json()["data"]
    return data["status"], data["recovery_codes_left"]


@pytest.mark.spec("A5")
def test_codes_are_those_of_rfc_6238(client: Client) -> None:
    for seconds, code in RFC_CODES.items():
        assert code_at(RFC_SECRET, seconds, digits=8) == code
    ada = client.person()
    made = client.post(f"{MFA}/enrol", by=ada).json()["data"]
    uri = urlsplit(made["uri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert ada.email in uri.path.replace("%40", "@")
    asked = parse_qs(uri.query)
    assert asked["secret"] == [made["secret"]]
    defaults = {"algorithm": ["SHA1"], "digits": ["6"], "period": ["30"]}
    assert {name: asked.get(name, value) for name, value in defaults.items()} == defaults
    assert confirm(client, ada, App(made["secret"]).code()).status_code == 200


@pytest.mark.spec("A5")
def test_a_login_takes_two_steps_once_the_second_factor_is_confirmed(client: Client) -> None:
    ada = client.person()
    assert state(client, ada) == ("off", 0)
    app = enrolled(client, ada)
    assert state(client, ada) == ("pending", 0)
    assert "access_token" in client.log_in(ada.email).json()["data"]
    assert confirm(client, ada, app.code(-1)).status_code == 200
    assert state(client, ada) == ("on", 10)
    first = client.log_in(ada.email)
    assert first.status_code == 200
    assert set(first.json()["data"]) == {"mfa_required", "challenge_token", "expires_in"}
    second = answer(client, first.json()["data"]["challenge_token"], app.code())
    assert second.status_code == 200
    assert second.headers["Cache-Control"] == "no-store"
    token = second.json()["data"]["access_token"]
    mine = client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})
    assert mine.json()["data"]["id"] == ada.id
    assert client.refresh(second.json()["data"]["refresh_token"]).status_code == 200


@pytest.mark.spec("A5")
def test_a_code_works_once_and_so_does_every_code_before_it(client: Client) -> None:
    ada = client.person()
    app = enrolled(client, ada)
    before, now, after = app.codes(-1, 0, 1)
    assert confirm(client, ada, before).status_code == 200
    assert answer(client, challenged(client, ada), before).status_code == 401
    assert answer(client, challenged(client, ada), after).status_code == 200
    for used in (after, now, before):
        refused = answer(client, challenged(client, ada), used)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.spec("A5")
def test_of_concurrent_uses_of_a_code_one_wins(client: Client) -> None:
    ada = client.person()
    app, _ = switched_on(client, ada)
    body = {"challenge_token": challenged(client, ada), "code": app.code()}
    answers = client.at_once(4, "POST", f"{MFA}/answer", json=body)
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


@pytest.mark.spec("A5")
def test_of_concurrent_answers_to_a_challenge_one_wins(client: Client) -> None:
    ada = client.person()
    _, recovery_codes = switched_on(client, ada)
    challenge = challenged(client, ada)
    bodies = [{"challenge_token": challenge, "code": code} for code in recovery_codes[:4]]
    answers = client.at_once_each([{"json": body} for body in bodies], "POST", f"{MFA}/answer")
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


@pytest.mark.spec("A5")
@pytest.mark.parametrize(("steps_off", "status"), [(-2, 422), (-1, 200), (1, 200), (2, 422)])
def test_a_clock_may_be_one_step_off(client: Client, steps_off: int, status: int) -> None:
    ada = client.person()
    app = enrolled(client, ada)
    assert confirm(client, ada, app.code(steps_off)).status_code == status


@pytest.mark.spec("A5")
def test_a_code_is_digits_and_not_a_number(client: Client) -> None:
    ada = client.person()
    for _ in range(500):
        app = enrolled(client, ada)
        code = app.code()
        if code.startswith("0"):
            break
    assert confirm(client, ada, code.lstrip("0")).status_code == 400
    assert confirm(client, ada, f"0{code}").status_code == 422
    assert confirm(client, ada, f"+{code[1:]}").status_code == 422
    assert confirm(client, ada, code.translate({48: 0xFF10})).status_code == 422
    assert confirm(client, ada, f"{code[:3]} {code[3:]}").status_code == 200


@pytest.mark.spec("A5")
def test_a_recovery_code_works_once(client: Client) -> None:
    ada = client.person()
    _, recovery_codes = switched_on(client, ada)
    assert len(set(recovery_codes)) == 10
    assert answer(client, challenged(client, ada), recovery_codes[0]).status_code == 200
    assert answer(client, challenged(client, ada), recovery_codes[0]).status_code == 401
    typed = recovery_codes[1].upper().replace("-", " ")
    assert answer(client, challenged(client, ada), typed).status_code == 200
    assert state(client, ada) == ("on", 8)


@pytest.mark.spec("A5")
def test_a_recovery_code_is_of_no_use_to_anybody_else(client: Client) -> None:
    ada, grace = client.person(), client.person()
    _, recovery_codes = switched_on(client, ada)
    switched_on(client, grace)
    assert answer(client, challenged(client, grace), recovery_codes[0]).status_code == 401


@pytest.mark.spec("A5")
def test_a_challenge_is_good_for_one_answer_and_nothing_else(client: Client) -> None:
    ada = client.person()
    app, recovery_codes = switched_on(client, ada)
    challenge = challenged(client, ada)
    as_access = client.get(MFA, headers={"Authorization": f"Bearer {challenge}"})
    assert as_access.status_code == 401
    assert client.refresh(challenge).status_code == 401
    for other in (ada.token, ada.refresh_token, "rubbish", challenge[:-1], "é"):
        refused = answer(client, other, recovery_codes[0])
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "INVALID_TOKEN")
    assert answer(client, challenge, app.code()).status_code == 200
    assert answer(client, challenge, recovery_codes[0]).status_code == 401


@pytest.mark.spec("A5")
def test_a_challenge_dies_of_age_and_with_the_second_factor(client: Client) -> None:
    ada = client.person()
    app, recovery_codes = switched_on(client, ada)
    old, void = challenged(client, ada), challenged(client, ada)
    client.sql(
        "UPDATE mfa_challenges SET expires_at = expires_at - interval '301 s'"
        " WHERE token_hash = sha256(%s::bytea)",
        old.encode(),
    )
    assert answer(client, old, app.code()).status_code == 401
    gone = client.post(f"{MFA}/disable", by=ada, json={"code": app.code()})
    assert gone.status_code == 204
    switched_on(client, ada)
    assert answer(client, void, recovery_codes[0]).status_code == 401


@pytest.mark.spec("A5")
def test_a_second_factor_that_is_on_is_not_replaced(client: Client) -> None:
    ada = client.person()
    first = enrolled(client, ada)
    app = enrolled(client, ada)
    assert confirm(client, ada, first.code()).status_code == 422
    assert confirm(client, ada, app.code(-1)).status_code == 200
    assert client.post(f"{MFA}/enrol", by=ada).status_code == 409
    assert confirm(client, ada, app.code()).status_code == 409
    assert answer(client, challenged(client, ada), app.code()).status_code == 200


@pytest.mark.spec("A5")
def test_switching_it_off_takes_a_code(client: Client) -> None:
    ada = client.person()
    assert client.post(f"{MFA}/disable", by=ada, json={"code": "000000"}).status_code == 409
    app, _ = switched_on(client, ada)
    [wrong] = app.wrong_codes(1)
    assert client.post(f"{MFA}/disable", by=ada, json={"code": wrong}).status_code == 422
    assert client.post(f"{MFA}/disable", by=ada, json={}).status_code == 400
    assert client.post(f"{MFA}/disable", by=ada, json={"code": app.code()}).status_code == 204
    assert state(client, ada) == ("off", 0)
    assert "access_token" in client.log_in(ada.email).json()["data"]


@pytest.mark.spec("A5")
def test_a_session_from_before_goes_on_and_a_suspended_user_gets_none(client: Client) -> None:
    ada, admin = client.person(), client.person("admin")
    app, _ = switched_on(client, ada)
    assert client.refresh(ada.refresh_token).status_code == 200
    challenge = challenged(client, ada)
    client.patch(ada.path, by=admin, json={"status": "suspended"})
    assert answer(client, challenge, app.code()).status_code == 403
