from __future__ import annotations

import pytest

from omnilive_demo.models.text_encoder import MiniLM


@pytest.fixture(scope="session")
def minilm() -> MiniLM:
    return MiniLM()
