"""Whatever is found, browsers can read it."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyespot.serving._plain import finite, strict_json


def strictly(text):
    return json.loads(text, parse_constant=lambda name: pytest.fail(name))


def test_what_is_no_number_becomes_null():
    values = {"a": math.nan, "b": [math.inf, (1.5, -math.inf)], "c": np.array([1.0, np.inf])}
    assert strictly(strict_json(values)) == {"a": None, "b": [None, [1.5, None]], "c": [1.0, None]}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)


@given(values)
def test_every_value_is_written_and_read_again(value):
    assert strictly(strict_json(value)) == finite(value)


def test_names_of_files_that_are_no_text_are_told_all_the_same():
    assert strictly(strict_json({"name": "caf\udce9.png"})) == {"name": "caf\\xe9.png"}
