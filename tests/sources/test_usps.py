"""The USPS zip-code digits in their text format."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from eyespot.errors import SourceError
from eyespot.sources import open_source


def line(digit: int, value: float) -> str:
    return f"{digit} " + " ".join(["-1", "1", str(value)] + ["0"] * 253) + " \n"


def write(folder: Path) -> None:
    text = "".join(line(number % 10, round(-1 + number / 30, 3)) for number in range(60))
    (folder / "zip.train.gz").write_bytes(gzip.compress(text.encode()))
    (folder / "zip.test").write_text("".join(line(number % 10, -0.9) for number in range(10)))


def test_ink_becomes_255_and_background_0(tmp_path: Path) -> None:
    write(tmp_path)
    source = open_source(tmp_path)
    assert source.kind == "USPS zip-code digits" and len(source.test) == 10 and len(source) == 70
    picture = source.test.rows[3].picture
    assert isinstance(picture, np.ndarray) and picture.shape == (16, 16, 1)
    assert picture.ravel()[:4].tolist() == [0, 255, 13, 128]
    assert source.test.rows[3].values["label"] == "3" and source.test.rows[3].location == "zip.test line 4"


def test_one_of_the_files_can_be_opened_alone(tmp_path: Path) -> None:
    write(tmp_path)
    assert len(open_source(tmp_path / "zip.train.gz")) == 60


@pytest.mark.parametrize("text", ["", "1 2 3\n", line(3, 7.0), line(11, 0.0), "a" * 40])
def test_anything_else_under_that_name_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "zip.train").write_text(text)
    with pytest.raises(SourceError, match=r"zip\.train"):
        open_source(tmp_path)


def test_the_real_digits_are_7291_and_2007(data: Path) -> None:
    source = open_source(data / "usps")
    assert len(source.train) + len(source.validation) == 7291 and len(source.test) == 2007
