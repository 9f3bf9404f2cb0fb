"""What all tests share: the order in which they run."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("OMNILIVE_PROFILE", "nano")  # no test asks the hub, or fetches what a GPU could bear
LATE = ("tests/live/", "tests/browser/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first. The browser's come last: Playwright keeps a loop running on the main thread until the end,
    and no asynchronous test can run beside it.
    """
    items.sort(key=lambda item: next((i + 1 for i, late in enumerate(LATE) if item.nodeid.startswith(late)), 0))
