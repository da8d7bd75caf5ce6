"""One list of options: the command line, the server and `eyespot.train` offer the same ones with the same defaults."""

import ast
from dataclasses import fields
from inspect import Parameter, signature
from pathlib import Path
from typing import get_type_hints

import pytest

import eyespot
from eyespot.cli._train import train as verb
from eyespot.serving._training import Order
from eyespot.training.options import TrainOptions

SOURCE = Path(eyespot.__file__).parent
DEFAULTS = {field.name: field.default for field in fields(TrainOptions)}
HINTS = get_type_hints(TrainOptions)


def test_train_has_every_option_as_a_keyword_with_its_default_and_type():
    keywords = {
        name: (one.default, one.annotation) for name, one in signature(eyespot.train, eval_str=True).parameters.items()
    }
    assert {name: keywords[name] for name in DEFAULTS} == {name: (DEFAULTS[name], HINTS[name]) for name in DEFAULTS}
    assert keywords.keys() - DEFAULTS.keys() == {"source", "out", "show"}


def test_the_command_line_offers_every_option_with_its_default_and_help():
    found = {name: one for name, one in signature(verb).parameters.items() if name in DEFAULTS}
    assert {name: one.default for name, one in found.items()} == DEFAULTS
    for field in fields(TrainOptions):
        [option] = found[field.name].annotation.__metadata__
        assert option.help == field.metadata["help"]
        assert len(option.help) > 10
    assert all(one.kind is not Parameter.VAR_KEYWORD for one in signature(verb).parameters.values())


def test_the_server_offers_some_of_them_with_the_same_defaults():
    offered = {name: one.default for name, one in Order.model_fields.items() if name != "source"}
    assert offered == {name: DEFAULTS[name] for name in offered}
    assert not offered.keys() & {"weights"}  # a file of the server's


PYTHON = [*(SOURCE / "training").rglob("*.py"), *(SOURCE / "explanations").rglob("*.py"), SOURCE / "pretrained.py"]
PYTHON += [*(SOURCE / "attacks").rglob("*.py"), SOURCE / "files.py", SOURCE / "model.py", SOURCE / "errors.py"]


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(SOURCE)))
def test_messages_of_the_python_api_name_no_option_of_the_command_line(path):
    texts = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
    assert not [text for text in texts if isinstance(text, str) and " --" in text and text.rstrip()[-3:] != " --"]
