"""`/metrics` as Prometheus reads it."""

import time
from collections.abc import Callable

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.reference_app.client import Client

REQUESTS = "http_request_duration_seconds"


class Figures:
    """One look at `/metrics`, parsed by the official parser."""

    def __init__(self, client: Client) -> None:
        answer = client.get("/metrics")
        assert answer.status_code == 200
        self.content_type = answer.headers["Content-Type"]
        self.text = answer.text
        self.families = {one.name: one for one in text_string_to_metric_families(answer.text)}
        self.samples: list[Sample] = [
            sample for family in self.families.values() for sample in family.samples
        ]

    def value(self, name: str, **labels: str) -> float:
        """The sum of all samples of this name that have these labels."""
        return sum(
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def requests(self, **labels: str) -> float:
        """How many requests with these labels were counted."""
        return self.value(f"{REQUESTS}_count", **labels)

    def bounds(self) -> list[float]:
        """The bounds of the histogram's buckets."""
        labels = [one.labels for one in self.samples if one.name == f"{REQUESTS}_bucket"]
        return sorted({float(each["le"]) for each in labels})


def rise(before: Figures, after: Figures, name: str, **labels: str) -> float:
    """By how much a figure has grown."""
    return after.value(name, **labels) - before.value(name, **labels)


def until(client: Client, true: Callable[[Figures], bool]) -> Figures:
    """The first look at which `true` holds; fails after five seconds."""
    deadline = time.monotonic() + 5
    while not true(figures := Figures(client)):
        assert time.monotonic() < deadline, figures.text
        time.sleep(0.01)
    return figures
