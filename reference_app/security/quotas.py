"""How many requests of which kind a caller has (H3): one table, and the settings it names."""

import re
from dataclasses import dataclass

from limits import parse

from reference_app.config import Settings


@dataclass(frozen=True)
class RouteClass:
    """Requests that count together: those whose method and path match as a whole.

    `by_user`: the caller is the user of a valid token. Else it is the address, with a token too:
    whoever guesses passwords must not get a new quota for each account of their own.
    """

    name: str
    requests: re.Pattern[str]
    setting: str
    by_user: bool = True


CLASSES = (
    RouteClass(
        name="login",
        requests=re.compile("POST /api/v1/auth/(login|mfa/.*)"),
        setting="login_attempts_per_address",
        by_user=False,
    ),
    RouteClass(
        name="register",
        requests=re.compile("POST /api/v1/users"),
        setting="rate_limit_register",
        by_user=False,
    ),
    RouteClass(
        name="export",
        requests=re.compile(r"(GET|HEAD) /api/v1/reports/.*"),
        setting="rate_limit_export",
    ),
    RouteClass(
        name="read",
        requests=re.compile("(GET|HEAD|OPTIONS) .*"),
        setting="rate_limit_read",
    ),
    RouteClass(
        name="write",
        requests=re.compile(".*", re.DOTALL),
        setting="rate_limit_write",
    ),
)
"""A request belongs to the first class that it matches."""

EXEMPT = frozenset({"/health", "/ready", "/metrics"})
"""Paths for those who run the service; a balancer that is told 429 would take the replica out."""


@dataclass(frozen=True)
class Quota:
    """`amount` requests in each window of `seconds`."""

    name: str
    amount: int
    seconds: int
    by_user: bool


class Quotas:
    """The table with the amounts of the settings filled in."""

    def __init__(self, settings: Settings) -> None:
        self.account = _quota("account", settings.login_attempts_per_account, by_user=False)
        """Attempts to log in to one account, wherever they come from (A4)."""
        self._quotas = [
            (one.requests, _quota(one.name, getattr(settings, one.setting), by_user=one.by_user))
            for one in CLASSES
        ]

    def of(self, method: str, path: str) -> Quota | None:
        """What this request counts against; None when it is exempt."""
        if path in EXEMPT:
            return None
        request = f"{method} {path}"
        return next(quota for requests, quota in self._quotas if requests.fullmatch(request))


def _quota(name: str, rate: str, *, by_user: bool) -> Quota:
    limit = parse(rate)
    return Quota(name, limit.amount, limit.get_expiry(), by_user)
