"""One account at the stand-in payment provider: what a service charges, and a test controls."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from reference_app.running.payment_provider import Does

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Seen:
    """What the provider saw: the keys of all requests and when they came, in seconds; charges."""

    keys: list[str]
    times: list[float]
    traces: list[str]
    """The `traceparent` of each request."""
    charges: dict[str, str]
    """Amounts by key."""
    most_at_once: int


class PaymentAccount:
    """A fresh account that charges everything until it is told otherwise.

    `outside` is the provider as this process reaches it, `inside` as a service does.
    """

    def __init__(self, outside: str, inside: str) -> None:
        names = ask("POST", f"{outside}/accounts")
        self.url = f"{inside}/{names['account']}"
        """The setting PAYMENT_URL of a service that pays here."""
        self._control = f"{outside}/{names['control']}"

    def behave(
        self,
        does: Does = "charge",
        *,
        times: int | None = None,
        status: int = 500,
        retry_after: str | None = None,
        charges: bool = False,
    ) -> None:
        """Change what it does from now on; see `payment_provider.Behaviour`."""
        behaviour = {
            "does": does,
            "times": times,
            "status": status,
            "retry_after": retry_after,
            "charges": charges,
        }
        ask("PUT", self._control, behaviour)

    def seen(self) -> Seen:
        """What has come since the account was opened."""
        seen = ask("GET", self._control)
        return Seen(
            keys=[request["key"] for request in seen["requests"]],
            times=[request["at"] for request in seen["requests"]],
            traces=[request["trace"] for request in seen["requests"]],
            charges={key: charge["amount"] for key, charge in seen["charges"].items()},
            most_at_once=seen["most_at_once"],
        )


def ask(method: str, url: str, body: object = None) -> Any:
    """The provider's answer, which is JSON. Raises OSError when there is none."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, TIMEOUT_SECONDS)
    try:
        connection.request(method, address.path, json.dumps(body))
        return json.load(connection.getresponse())
    finally:
        connection.close()
