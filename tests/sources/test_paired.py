"""Paired images belong to the content of a row: replaced ones change keys, fingerprint and cache."""

from pathlib import Path

from eyespot.images import encode_png
from eyespot.sources import open_source
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
