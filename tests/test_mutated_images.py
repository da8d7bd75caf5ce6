"""Mutated images and tables are read, or refused by an error that names them: no traceback, no silent loss."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COUNT = 300


def test_mutated_images_and_tables_end_in_no_traceback_and_no_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path))
    sys.modules.pop("mutated_images", None)
    from mutated_images import results

    found = list(results(COUNT, seed=0))
    assert [each for each in found if each not in ("read", "refused")] == []
    assert {"read", "refused"} <= set(found)
