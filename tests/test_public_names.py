"""The public names are whole: each resolves, explains itself, and no submodule hides one."""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import eyespot

PACKAGE = Path(eyespot.__file__).parent
MODULES = sorted(module.name for module in pkgutil.walk_packages(eyespot.__path__, "eyespot."))


def test_the_list_of_names_is_whole_and_sorted():
    assert sorted(eyespot._HOMES) == sorted(eyespot.__all__)
    assert len(set(eyespot.__all__)) == len(eyespot.__all__)
    assert set(eyespot.__all__) < set(dir(eyespot))


def test_names_for_type_checkers_are_the_same_names():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    names = [
        name.asname or name.name for node in guarded.body if isinstance(node, ast.ImportFrom) for name in node.names
    ]
    assert sorted(names) == sorted(eyespot.__all__)


@pytest.mark.parametrize("name", eyespot.__all__)
def test_a_public_name_can_be_called_and_explains_itself(name):
    found = getattr(eyespot, name)
    assert callable(found)
    assert inspect.getdoc(found), f"eyespot.{name} has no docstring"


@pytest.mark.parametrize("name", [name for name in eyespot.__all__ if inspect.isclass(getattr(eyespot, name))])
def test_the_methods_of_a_public_class_have_docstrings(name):
    """They are on the API page, which `scripts/build_docs.py` builds."""
    methods = {
        name: value
        for name, value in vars(getattr(eyespot, name)).items()
        if not name.startswith("_") and isinstance(value, (property, staticmethod, classmethod, type(lambda: 0)))
    }
    assert not [name for name, value in methods.items() if not (value.__doc__ or "").strip()]


def test_no_submodule_hides_a_public_name():
    for module in MODULES:
        if not module.endswith("__main__"):
            importlib.import_module(module)
    for name in eyespot.__all__:
        assert not inspect.ismodule(getattr(eyespot, name)), f"the submodule eyespot.{name} hides the function"


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(AttributeError, match=r"it has: .*open_source"):
        eyespot.opensource  # noqa: B018


@pytest.mark.parametrize("module", [name for name in MODULES if not name.endswith("__main__")])
def test_every_public_class_and_function_explains_itself(module):
    found = importlib.import_module(module)
    assert found.__doc__, f"{module} has no docstring"
    own = [
        (name, value)
        for name, value in vars(found).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module
    ]
    silent = [name for name, value in own if not (value.__doc__ or "").strip()]
    assert not silent, f"{module}: {', '.join(silent)}"


@pytest.mark.parametrize("module", [name for name in MODULES if not name.endswith("__main__")])
def test_no_public_function_passes_on_arguments_that_it_does_not_name(module):
    found = importlib.import_module(module)
    passing = [
        name
        for name, value in vars(found).items()
        if inspect.isfunction(value)
        and value.__module__ == module
        and not name.startswith("_")
        and any(part.kind is inspect.Parameter.VAR_KEYWORD for part in inspect.signature(value).parameters.values())
    ]
    assert not passing, f"{module}: {', '.join(passing)}"
