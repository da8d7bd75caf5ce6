"""Every example in a docstring runs and prints what it says."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import eyespot

MODULES = sorted(module.name for module in pkgutil.walk_packages(eyespot.__path__, "eyespot."))


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_examples_of_a_module_hold(name: str, tmp_path: Path):
    module = importlib.import_module(name)
    names = {"eyespot": eyespot, "np": importlib.import_module("numpy"), "torch": importlib.import_module("torch")}
    failed, _ = doctest.testmod(module, extraglobs={"tmp": tmp_path, **names}, optionflags=doctest.ELLIPSIS)
    assert failed == 0
