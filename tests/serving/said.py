"""Sentences that are put together from several parts, by the code that writes them, from figures that are made up."""

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from eyespot.decoding import decode
from eyespot.errors import EyespotError, unknown
from eyespot.explanations._attribution import ATTRIBUTIONS
from eyespot.faces import MEASURED_ON
from eyespot.images import ImageSpec
from eyespot.networks import NETWORKS, Output, build
from eyespot.networks.network import HAVE_HEAD, without_head
from eyespot.networks.text import parse
from eyespot.organizing._copies import POSITIONS, SAME_BYTES, altered_evidence, burst_evidence, cropped_evidence
from eyespot.serving._task_api import _describe
from eyespot.sources._resemblance import _notes as resemblance_notes
from eyespot.sources._walk import CLOSED, HIDDEN, IN_SYSTEM_FOLDERS, LINKED, OWN
from eyespot.sources.source import Row
from eyespot.studies._budget import Budget
from eyespot.studies._tradeoff import _reason
from eyespot.tasks import TASKS, Classify, Denoise, Generate
from eyespot.tasks._labels import shortened
from eyespot.tasks._regress import _unusual
from eyespot.tasks._tag_groups import implication_notes
from eyespot.tasks.denoise._noise_models import NOISES
from eyespot.tasks.denoise._residual import residual_statistics
from eyespot.training._first_answer import _score
from eyespot.training._fitting import choose_fit
from eyespot.training._generators import _collapse_note
from eyespot.training.decisions import MEANINGS
from eyespot.training.plan import mirror_note
from eyespot.training.schedule import BOUNDS, check
from eyespot.value_range import describe_range

RATES = {"accuracy": 0.915, "interval": (0.9, 0.93), "coverage": 1.0, "precision": None}
DETAILS: Mapping[str, list[dict[str, Any]]] = {
    "classify": [{"weakest": {"label": "cat", "recall": 0.985, "count": count}} for count in (1, 2000)],
    "tag": [
        {
            "groups": [
                {"group": "color", **RATES},
                {"group": "color", **RATES, "coverage": 0.85},
                {"group": "color", **RATES, "coverage": 0.85, "precision": 0.987},
            ],
            "weakest": {"tag": "red", "average_precision": 0.4},
        }
    ],
    "regress": [],
    "rank": [
        {"median_split_interval": (0.7, 0.8), "median_split_accuracy": 0.75, "median_split_auc": 0.8, "ceiling": 0.9}
    ],
    "denoise": [],
    "generate": [
        {
            "recall": 0.4, "precision": 0.5, "diversity": 0.9, "style_entropy": 0.3, "style_entropy_real": 0.2,
            "classifier_accuracy": 0.8, "classifier_error": 0.05, "marginal_entropy": 1.1, "rarest_style": 0.01,
            "copies": 0.02, "nearest": 0.123, "nearest_held_out": 0.456,
        }
    ],
    "detect": [
        {
            "AP": 0.5, "AP75": None, "AP50_by_class": {"cat": 0.5, "dog": None}, "threshold": 0.3, "precision": 0.9,
            "recall": 0.8,
        }
    ],
    "locate": [
        {"precision": 0.9, "recall": 0.8, "radius": 6.5, "threshold": 0.3, "mean_absolute_count_error": 1.5}
    ],
    "colorize": [
        {
            "gain": 0.0123, "gain_interval": (-0.01, 0.02), "psnr_gain": -0.5, "colorfulness": 20.0,
            "colorfulness_true": 40.0,
        }
    ],
    "identify": [
        {
            "split": "identity", "identities": 40, "rank_1": 0.95, "threshold": 0.321,
            "by_age_gap": [
                {"from": 0, "to": 5, "equal_error_rate": 0.012, "interval": (0.01, 0.02), "same_pairs": 12},
                {"from": 20, "to": None, "equal_error_rate": 0.012, "interval": (0.01, 0.02), "same_pairs": 12},
            ],
        }
    ],
}  # fmt: skip
"""What the evaluation of each task may say: a new task must state it here too."""
ANSWERS: Mapping[str, list[dict[str, Any]]] = {
    "rank": [{"rank": 0.734}],
    "tag": [{"answer": []}],
    "colorize": [{"answer": "a color image of chroma 12.5"}],
    "denoise": [{"answer": "a picture of 1,200 x 800 pixels"}, {"answer": "a picture of 40 x 30 pixels"}],
    "detect": [{"answer": "no object"}, {"answer": "12 RBC, 3 more classes"}],
    "locate": [{"answer": "1 point"}, {"answer": "1,234 points"}, {"answer": "no point"}],
    "identify": [{"answer": "embedding of 128 numbers"}],
}
"""Answers in words, of the tasks whose answers are none of the model's own names."""


def said() -> dict[str, list[str]]:
    """All of them by what they are about."""
    parts: tuple[Callable[[], Iterator[str]], ...] = (
        remarks, answers, notes_of_tasks, notes_of_odd_images, notes_of_noise, notes_of_sources, notes_of_a_training,
        networks, settings, requests, studies, summaries, evidence,
    )  # fmt: skip
    return {part.__name__: list(dict.fromkeys(part())) for part in parts}


def remarks() -> Iterator[str]:
    """What the tasks say of a result."""
    for name, kind in TASKS.items():
        for details in DETAILS[name]:
            yield from kind().remarks(details)


def answers() -> Iterator[str]:
    """Answers in words."""
    for name, given in ANSWERS.items():
        yield from (TASKS[name]().answer_text(answer) for answer in given)


def notes_of_tasks() -> Iterator[str]:
    """What the tasks say of their examples, and of mirror images."""
    for kind in TASKS.values():
        yield from kind().prepare(kind().example(0).train.rows).notes()
    reasons = {kind().mirror_reason for kind in TASKS.values()} | {
        "mirroring changes no tag",
        "no mirrored class resembles another class",
        "mirror images with 'left' look like images without it",
        "mirrored images of 'left' resemble 'right'",
    }
    for reason in sorted(reasons):
        yield from (mirror_note(mirrored, "photos", reason) for mirrored in (False, True))
    for kind in TASKS.values():
        yield from (
            f"start from scratch: {reason}" for name, reason in kind.unsupported.items() if name == "pretrained"
        )


def notes_of_odd_images() -> Iterator[str]:
    """What the tasks say of images that are few, rare or far from the others."""
    yield from Classify(classes=("cat", "dog"), counts=(90, 10), weights=(1.0, 3.0)).notes()
    yield from Generate(creativity=0).notes()
    yield from Generate(styles=()).notes()
    rows = [
        Row(picture=b"", name=f"{number}.png", values={}, location=f"table.csv line {number}") for number in range(99)
    ]
    yield _unusual(rows, np.arange(99.0) + 1e4 * (np.arange(99) == 50))
    yield from refused(lambda: _unusual(rows, np.arange(99.0) + 1e9 * (np.arange(99) == 50)))
    tags, pairs = ["kind:cat", "kind:dog", "size:big", "size:small", "pet"], [(0, 2), (1, 2), (0, 4)]
    yield f"In all training images, {shortened(implication_notes(tags, pairs))}."


def notes_of_noise() -> Iterator[str]:
    """The kinds of noise, mixtures, and what is left of it."""
    for noise in (*NOISES, "poisson+gaussian"):
        yield from Denoise(noise=noise, targets="noisy").notes()
        yield from Denoise(
            noise=noise, targets="noisy", share=0.5, share_from=0.1, sigma_from=1.0, peak_from=2.0
        ).notes()
    picture = torch.linspace(0, 1, 64 * 64).reshape(1, 1, 64, 64)
    yield from (residual_statistics(picture, picture, channels)["note"] for channels in (1, 3))


def notes_of_sources() -> Iterator[str]:
    """What is said of a source: how it was read, what was left out, and which values its pixels have."""
    for kind in TASKS.values():
        yield kind().example(0).describe()
    for reason in (f"{IN_SYSTEM_FOLDERS} .git", HIDDEN, OWN, LINKED, CLOSED, "that cannot be used"):
        yield f"photos: a folder for each class, 7 images (5 training, 1 validation, 1 test); left out: 1,200 {reason}"
    for bounds in ([[0, 4095]], [[0, 4095], [0, 10], [0, 10]], [[0, 4095], [0, 4095], [0, 1]]):
        yield describe_range((0, 4095), np.array(bounds, float))
    yield from resemblance_notes(np.ones(1200, bool), ["cat", "dog"])
    yield from resemblance_notes(np.ones(1, bool), [""])


def notes_of_a_training() -> Iterator[str]:
    """Notes of a run in preparation that quote others."""
    for name, meaning in MEANINGS.items():
        yield f"fit {name}: {meaning}"
    for reason in ("as requested", "as requested; images of 32 pixels are small for it"):
        yield f"start from finetune: {reason}"
    yield "left out: a.png: there is no such file."
    yield "left out: 2 images (a.png: holds no finite value; replace or remove it.; b.png: there is no such file.; ...)"
    yield f"probe: validation {_score(TASKS['classify'].metric, 0.9, 0.01)}"
    yield f"probe: validation {_score(TASKS['denoise'].metric, 30.25, 0.1)}"
    yield unknown("network", "resnet", ["residual", "lenet5"])
    yield unknown("layer", "xyz", ["residual"])


def networks() -> Iterator[str]:
    """Why a network does not fit a task or images, and what is wrong with one that is written as text."""
    color, vector = ImageSpec(height=32, width=32, channels=3), Output("vector", 2)
    yield from refused(lambda: build("pilotnet", (1, 66, 200), vector))
    yield from refused(lambda: build("lecun1989", (3, 16, 16), vector))
    yield from refused(lambda: build("lenet5", (1, 32, 32), Output("map", 2, stride=8)))
    yield from (without_head(Output("map", 2, head=head)) for head in HAVE_HEAD)
    for text in ("conv five", "relu 5", "maxpool 2 stride", "cone 5", "relu,, relu", "softmax", "conv 8@3x3 same same"):
        yield from refused(lambda text=text: parse(text))
    for text in (
        "conv 3x3, flatten, dense",
        "flatten, conv 8@3x3, flatten, dense",
        "conv 8@99x99, flatten, dense",
        "dense",
    ):
        yield from refused(lambda text=text: build(text, (1, 32, 32), vector))
    sizes = np.array([[64, 32, 3], [32, 64, 3]])
    for requested in (None, "crop", "stretch", "pad"):
        yield from choose_fit(sizes, color, requested)[1]


def settings() -> Iterator[str]:
    """Changes of a training that are refused."""
    recipe: Any = SimpleNamespace(micro_batches=1, count=100)
    for change in ({"rate": 0.0}, {"rate": 99.0}, *({name: -1.0} for name in BOUNDS), {"batch": 1}):
        values = {"rate": None, "batch": None, **dict.fromkeys(BOUNDS), **change}
        yield from refused(lambda values=values: check(SimpleNamespace(**values), recipe))  # type: ignore[arg-type]


def refused(work: Callable[[], Any]) -> Iterator[str]:
    """The sentence with which something fails."""
    with pytest.raises(EyespotError) as error:
        work()
    yield str(error.value)


def requests() -> Iterator[str]:
    """Requests that nothing answers, files that cannot be read, and a training that breaks off."""
    yield from ("Not found: /api/nothing.", "DELETE is not allowed here.")
    yield "Internal server error (KeyError); details are in the server's terminal."
    yield "Internal error in the training (KeyError); details are in the server's terminal."
    yield "'rate': input should be greater than 0; 'seed': field required."
    for kind, column in (("detect", "boxes"), ("locate", "points")):
        row = Row(picture=b"", name="a.png", values={column: "no JSON"}, location="table.csv line 2")
        yield from refused(lambda kind=kind, row=row: TASKS[kind]().read(row))
    for name in ("a.svg", "a.nef", "a.dcm", "a.txt", "a.tif"):
        yield from refused(lambda name=name: decode(b"no picture", name, np.asarray))
    yield from refused(lambda: decode(b"", "a.png", np.asarray))
    for best in ({"epoch": 3}, None):
        yield _collapse_note(SimpleNamespace(diversity=0.8, best=best), {"diversity": 0.1})  # type: ignore[arg-type]


def studies() -> Iterator[str]:
    """Why a candidate is recommended."""
    small, large = point("lenet5", 1.0, 0.8), point("residual", 4.0, 0.9)
    for chosen in (small, large):
        for budget in (Budget(), Budget(score=0.5), Budget(milliseconds=0.5)):
            yield from (_reason(chosen, within, [small, large], budget) for within in (True, False))  # type: ignore[arg-type]


def point(key: str, milliseconds: float, score: float) -> Any:
    """As much of a candidate as the reason reads."""
    candidate = SimpleNamespace(key=key, milliseconds=milliseconds, size=1000)
    return SimpleNamespace(candidate=candidate, score=score, goodness=score)


def evidence() -> Iterator[str]:
    """Why photos are copies of each other, and what false accept rates were measured on."""
    yield SAME_BYTES
    for position in POSITIONS:
        yield altered_evidence(0.987, position, "both 480x360", 0.978)
    yield altered_evidence(0.987, POSITIONS[0], "480x360 and 300x300", None)
    yield cropped_evidence("trip, 2020/a.jpg", 0.7, 0.95)
    yield burst_evidence(2.0, 0.978)
    yield MEASURED_ON


def summaries() -> Iterator[str]:
    """The tasks, the networks, and the methods of explanation whose notes hold their summary."""
    yield from (_describe(task)["question"] for task in TASKS.values())
    yield from (network.summary for network in NETWORKS.values())
    yield from (f"{name}: {method.summary}." for name, method in ATTRIBUTIONS.items())
