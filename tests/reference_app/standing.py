"""What the answer of a limited service says about its caller."""

import httpx

READ = "/openapi.json"
"""A request of the class `read` that needs neither token nor database."""


def left(answer: httpx.Response) -> int:
    """How many requests are left in this window."""
    _, remaining, _ = answer.headers["RateLimit"].split(";")
    return int(remaining.removeprefix("r="))


def refused(answer: httpx.Response) -> bool:
    return answer.status_code == 429
