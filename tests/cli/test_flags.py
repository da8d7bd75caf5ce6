"""Every option is a decision: frozen here, and the same in Python, on the command line and in the recipe."""

import inspect
from dataclasses import fields

from eyespot.cli._app import VERBS
from eyespot.training import train
from eyespot.training.options import TrainOptions

CHOICES = [
    "task",
    "start",
    "weights",
    "network",
    "size",
    "input",
    "fit",
    "range",
    "epochs",
    "minutes",
    "batch",
    "micro_batches",
    "optimizer",
    "rate",
    "weight_decay",
    "lookahead",
    "augment",
    "mirror",
    "norm",
    "precision",
    "robust",
    "snapshots",
    "seed",
]


def names(function) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_the_choices_of_a_training_are_these():
    assert [field.name for field in fields(TrainOptions)] == CHOICES


def test_python_takes_the_same_choices():
    assert names(train) == ["source", "out", *CHOICES, "show"]


def test_the_command_line_takes_the_same_choices():
    assert names(VERBS["train"]) == ["source", "out", *CHOICES, "column", "layout", "quiet", "as_json"]


def test_out_seed_and_json_mean_the_same_everywhere():
    for name, verb in VERBS.items():
        taken = names(verb)
        assert "as_json" in taken or name == "serve", name
        assert not {"output", "folder", "random_state"} & set(taken), name
