"""Collections are organized without a network here, except where a test is about embeddings."""

import pytest

from eyespot.organizing import _embedding


@pytest.fixture(autouse=True)
def _without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_embedding, "is_installed", lambda name: False)
