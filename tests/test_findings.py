"""Findings as JSON: strict, whatever numbers they hold."""

import json
import math

import numpy as np
import pytest

from eyespot.findings import to_json


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("inf")])
def test_a_number_that_is_not_finite_becomes_null(value):
    assert json.loads(to_json({"loss": value, "all": [value, 1.5]})) == {"loss": None, "all": [None, 1.5]}
