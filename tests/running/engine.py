"""Tests that need a container engine: skipped where there is none, failed where there must be."""

import os

import pytest

from reference_app.running.images import engine_status


def needs_engine() -> None:
    """Skip unless an engine answers and has the images; in CI that is a failure."""
    if not (status := engine_status()).ready:
        reason = f"{status.summary}. {status.advice}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
