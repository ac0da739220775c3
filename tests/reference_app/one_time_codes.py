"""An authenticator app, as RFC 6238 describes it: written here from the standard library alone."""

import hmac
import time
from base64 import b32decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.reference_app.client import Client, Person

STEP_SECONDS = 30
MARGIN_SECONDS = 4
MFA = "/api/v1/auth/mfa"


def code_at(secret: bytes, seconds: float, digits: int = 6) -> str:
    """RFC 6238 section 4 on RFC 4226 section 5.3."""
    digest = hmac.digest(secret, int(seconds // STEP_SECONDS).to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


@dataclass(frozen=True)
class App:
    """The app on one phone, which has one secret."""

    secret: str

    def code(self, steps_off: int = 0) -> str:
        """The code of now, or of so many steps later."""
        return self.codes(steps_off)[0]

    def codes(self, *steps_off: int) -> list[str]:
        """Codes as seen from one moment.

        Where a step is about to end it waits for the next: the service must see the same one.
        """
        left = STEP_SECONDS - time.time() % STEP_SECONDS
        if left < MARGIN_SECONDS:
            time.sleep(left + 0.05)
        now = time.time()
        secret = b32decode(self.secret)
        return [code_at(secret, now + steps * STEP_SECONDS) for steps in steps_off]

    def wrong_codes(self, count: int) -> Sequence[str]:
        """Codes of no step that is near."""
        near = self.codes(*range(-4, 5))
        return [text for n in range(count + 9) if (text := f"{n:06}") not in near][:count]


def enrolled(client: Client, ada: Person) -> App:
    """The second factor is pending."""
    made = client.post(f"{MFA}/enrol", by=ada)
    assert made.status_code == 201, made.text
    return App(made.json()["data"]["secret"])


def confirm(client: Client, ada: Person, code: str) -> httpx.Response:
    return client.post(f"{MFA}/confirm", by=ada, json={"code": code})


def switched_on(client: Client, ada: Person) -> tuple[App, list[str]]:
    """The second factor is on; the code before that of now is used up. And the recovery codes."""
    app = enrolled(client, ada)
    confirmed = confirm(client, ada, app.code(-1))
    assert confirmed.status_code == 200, confirmed.text
    return app, confirmed.json()["data"]["recovery_codes"]


def challenged(client: Client, ada: Person) -> str:
    """The first step of a login; the challenge it ends in."""
    data = client.log_in(ada.email).json()["data"]
    assert data["mfa_required"] is True, data
    challenge: str = data["challenge_token"]
    return challenge


def answer(client: Client, challenge: str, code: str, **more: Any) -> httpx.Response:
    body = {"challenge_token": challenge, "code": code}
    return client.post(f"{MFA}/answer", json=body, **more)
