"""Paired images belong to the content of a row: replaced ones change keys, fingerprint and cache."""

from pathlib import Path

import numpy as np
import pytest

from eyespot.errors import SourceError
from eyespot.images import encode_png
from eyespot.sources import from_arrays, open_source
from eyespot.sources.source import fingerprint


def test_a_replaced_paired_image_changes_the_fingerprint(tmp_path: Path, photo) -> None:
    for number in range(20):
        (tmp_path / f"noisy{number}.png").write_bytes(encode_png(photo(number, 24, 24)))
        (tmp_path / f"clean{number}.png").write_bytes(encode_png(photo(number + 100, 24, 24)))
    lines = [f"noisy{number}.png,clean{number}.png" for number in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(["path,paired", *lines]))
    before = fingerprint(open_source(tmp_path / "t.csv"))
    assert fingerprint(open_source(tmp_path / "t.csv")) == before
    (tmp_path / "clean3.png").write_bytes(encode_png(photo(999, 24, 24)))
    assert fingerprint(open_source(tmp_path / "t.csv")) != before


@pytest.mark.parametrize("kind", [np.asarray, list])
def test_a_replaced_paired_array_changes_the_fingerprint(photo, kind) -> None:
    noisy = np.stack([photo(number, 24, 24) for number in range(20)])
    clean = np.stack([photo(number + 100, 24, 24) for number in range(20)])
    before = from_arrays("pairs", "arrays", kind(noisy), [{}] * 20, paired=kind(clean))
    assert fingerprint(before) == fingerprint(from_arrays("pairs", "arrays", kind(noisy), [{}] * 20, paired=clean))
    assert fingerprint(before) != fingerprint(from_arrays("pairs", "arrays", kind(noisy), [{}] * 20))
    clean[3] = photo(999, 24, 24)
    assert fingerprint(from_arrays("pairs", "arrays", kind(noisy), [{}] * 20, paired=kind(clean))) != fingerprint(
        before
    )


def test_paired_arrays_of_another_size_or_number_are_refused(photo) -> None:
    noisy = np.stack([photo(number, 24, 24) for number in range(4)])
    with pytest.raises(SourceError, match=r"is 24 x 24 pixels \(height x width\), its paired image 12 x 24"):
        from_arrays("pairs", "arrays", noisy, [{}] * 4, paired=noisy[:, ::2])
    with pytest.raises(SourceError, match="4 images, but 3 paired images"):
        from_arrays("pairs", "arrays", noisy, [{}] * 4, paired=noisy[:3])
