"""The report of a run: whole, alone in its file, and harmless whatever the classes are called."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch

from eyespot.findings import Evaluation
from eyespot.images import ImageSpec
from eyespot.model import Model, evaluation
from eyespot.samples import load_samples
from eyespot.tasks import TASKS
from eyespot.tasks._classify import Classify
from eyespot.tasks._classify_report import CELL_PICTURES, MOST_CLASSES, confusion_matrix, most_confused, weakest_class
from eyespot.tasks._regress import Regress
from eyespot.tasks._tag import Tag
from eyespot.tasks.denoise import Denoise
from eyespot.tasks.report import spread
from eyespot.tasks.task import Task
from eyespot.training.report.write import GAP, format_value, pictures_of, recipe_facts, side_by_side, write_report

EVIL = "<script>alert(1)</script>"
RECIPE = {
    "task": {"name": "classify", "mirror": "yes"},
    "start": {"how": "scratch", "weights": "", "reason": "as asked"},
    "network": {"name": "residual", "size": "tiny", "norm": "batch", "input": [1, 12, 12]},
    "images": {"fit": "crop"},
    "steps": 40,
    "batch": 8,
    "count": 80,
    "optimizer": "muon",
    "rate": 0.01,
    "warmup": 0.2,
    "weight_decay": 0.05,
    "lookahead": False,
    "augment": "none",
    "mirror": False,
    "robust": None,
    "seed": 0,
    "compute": {"device": "cpu", "precision": "float32", "reason": "as asked"},
}
DATA = {"name": EVIL, "kind": "a folder per class", "parts": {"train": 80, "test": 20}, "problems": [], "notes": [EVIL]}
LOG = [
    {"step": 10, "images": 80, "epoch": 1, "loss": 2.0},
    {
        "step": 20,
        "images": 160,
        "epoch": 2,
        "loss": 1.0,
        "validation": {"accuracy": 0.5, "accuracy error": 0.1, "loss": 1.5},
    },
    {
        "step": 40,
        "images": 320,
        "epoch": 4,
        "loss": 0.5,
        "validation": {"accuracy": 0.7, "accuracy error": 0.1, "loss": 1.2},
        "seconds": 3.0,
    },
]


class Page(HTMLParser):
    """What a page refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href"):
                self.references.append(value or "")


def picture(row: int) -> np.ndarray:
    return np.full((12, 16, 3), row % 256, np.uint8)


def named(rows: list[dict]) -> list[dict]:
    return [{"image": f"{place} {EVIL}.png", **row} for place, row in enumerate(rows)]


def classified(classes: tuple[str, ...], count: int = 60, right: float = 2.0) -> Evaluation:
    generator = torch.Generator().manual_seed(0)
    target = torch.arange(count) % len(classes)
    output = torch.randn(count, len(classes), generator=generator)
    output[torch.arange(count), target] += right
    task = Classify(classes=classes, threshold=0.3)
    return evaluation(task, named(task.to_rows(output, target)))


def tagged() -> Evaluation:
    task = Tag(tags=("round", EVIL))
    target = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, torch.nan], [0.0, 0.0]])
    return evaluation(task, named(task.to_rows(torch.nan_to_num(target) * 4 - 2, target)))


def steered(unit: str = "degrees") -> Evaluation:
    task = Regress(unit=unit, spread=10.0, low=-30.0, high=30.0)
    target = torch.linspace(-20, 20, 30)
    return evaluation(task, named(task.to_rows(target[:, None] / 10 + 0.1, target)))


def denoised() -> Evaluation:
    task = Denoise()
    clean = torch.rand(5, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    seen, target = task.make_problem((clean,), torch.zeros(5), torch.arange(5))
    return evaluation(task, named(task.to_rows((seen + clean) / 2, target)))


class Count(Task):
    """A task that leaves the report to the contract's default."""

    name = "count"


Count.__abstractmethods__ = frozenset()


def written(folder: Path, found: Evaluation, *more) -> Path:
    task = Count() if found.task == "count" else TASKS[found.task]()
    return write_report(folder, task, found, *more)


def counted() -> Evaluation:
    table = [{"image": "a.png", "answer": 3}]
    values = {"metric": "count_error", "better": "lower", "unit": "", "score": 1.5, "interval": (1.0, 2.0), "count": 1}
    return Evaluation(task="count", details={"mean_count": 3.5}, table=table, **values)


MADE = {
    "classify": lambda: classified((EVIL, "cat", "$x^2$")),
    "tag": tagged,
    "regress": steered,
    "denoise": denoised,
    "a task without a page of its own": counted,
}


@pytest.mark.parametrize("name", MADE)
def test_a_report_stands_alone_and_users_text_does_no_harm(name, tmp_path):
    path = written(tmp_path, MADE[name](), LOG, RECIPE, DATA, picture)
    assert path == tmp_path / "report" / "index.html"
    text = path.read_text()
    page = Page(text)
    assert "script" not in page.tags
    assert all(reference.startswith(("#", "data:image/png;base64,")) for reference in page.references)
    assert len(set(page.ids)) == len(page.ids)
    assert {reference[1:] for reference in page.references if reference.startswith("#")} <= set(page.ids)
    assert "on held-out images" in re.sub(r"on \S+ held-out", "on held-out", text)


@pytest.mark.parametrize(
    ("right", "told"),
    [
        (20.0, "At most 1 % of its answers are wrong, without abstaining."),
        (2.0, "of the images with the lowest confidence, at most 1 % of its answers are wrong."),
        (-20.0, "Even of the answers with the highest confidence, more than 1 % are wrong."),
    ],
)
def test_the_share_to_abstain_from_for_1_percent_error_is_stated(right, told, tmp_path):
    found = classified(("a", "b", "c"), right=right)
    assert told in written(tmp_path, found, LOG, RECIPE, DATA, picture).read_text()


def test_every_count_of_the_confusion_matrix_opens_its_images(tmp_path):
    found = classified(("a", "b", "c"))
    page = Page(written(tmp_path, found, LOG, RECIPE, DATA, picture).read_text())
    filled = {
        f"cell-{i}-{j}" for i, row in enumerate(found.details["confusion"]) for j, count in enumerate(row) if count
    }
    assert filled == {name for name in page.ids if name.startswith("cell-")}
    assert {f"#{name}" for name in filled} <= set(page.references)


def test_a_cell_holds_its_own_images_mistakes_the_surest_first():
    found = classified(("a", "b"))
    matrix = confusion_matrix(found, picture)
    for row in matrix["cells"]:
        for cell in row:
            said = [item["lines"][0] for item in cell["pictures"]]
            shares = [float(line.split("·")[1].rstrip(" %")) for line in said]
            assert all(line.startswith(f"{cell['label']} ·") for line in said)
            assert shares == sorted(shares, reverse=not cell["right"])
            assert len(said) == min(cell["count"], 12)


def test_of_many_classes_the_most_confused_ones_are_shown_and_the_pictures_stay_few():
    found = classified(tuple(f"class {place}" for place in range(40)), count=2000)
    matrix = confusion_matrix(found, picture)
    cells = [cell for row in matrix["cells"] for cell in row]
    assert len(matrix["labels"]) == MOST_CLASSES
    assert matrix["of"] == 40
    assert sum(len(cell["pictures"]) for cell in cells) <= max(CELL_PICTURES, len(cells))


def test_the_most_confused_classes_are_those_in_most_mistakes():
    counts = np.diag([5] * 30)
    counts[29, 3] = counts[28, 4] = 2
    chosen = most_confused(counts)
    assert {3, 4, 28, 29} <= set(chosen)
    assert chosen == sorted(chosen)


def test_the_file_stays_small_for_many_large_photos(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    path = written(tmp_path, classified(("a", "b", "c"), 500), LOG, RECIPE, DATA, lambda row: noise)
    assert path.stat().st_size < 6_000_000


@pytest.mark.parametrize(
    ("made", "value", "text"),
    [
        (lambda: classified(("a", "b")), 0.98765, "98.8 %"),
        (steered, 0.5, "0.5 degrees"),
        (lambda: steered(unit=""), 0.5, "0.5"),
        (denoised, 29.123, "29.12 dB"),
    ],
)
def test_a_score_is_told_in_percent_only_where_it_is_a_share(made, value, text):
    assert format_value(value, made()) == text


def test_a_report_is_written_before_there_is_any_log(tmp_path):
    assert written(tmp_path, steered(), [], RECIPE, DATA, picture).exists()


def test_the_recipe_is_told_in_words():
    facts = dict(recipe_facts(RECIPE, LOG))
    assert facts["images"] == "12 x 12 x 1, fit by crop"
    assert facts["length"] == "40 steps of 8 images: 4 epochs"
    assert facts["learning rate"] == "up to 0.01, warmup for 20 % of the steps, then decay"
    assert facts["weights"] == "averaged at the end"
    assert facts["training time"] == "3.0 s"


def test_a_rate_that_only_falls_and_lookahead_are_told():
    facts = dict(recipe_facts({**RECIPE, "warmup": 0.0, "lookahead": True}, LOG))
    assert facts["learning rate"] == "up to 0.01, decay from the first step"
    assert "Lookahead" in facts["weights"]


def test_a_probe_is_told_as_what_it_does_and_not_as_no_steps_of_an_optimizer():
    facts = dict(recipe_facts({**RECIPE, "steps": 0}, []))
    assert facts["length"].startswith("no steps: the last layer is fitted")
    assert not facts.keys() & {"optimizer", "learning rate", "weights", "augmentation"}


@pytest.mark.parametrize(
    ("recall", "count", "expected"),
    [
        (0.98, 100, ("6", "98.0 % of 100 images classified correctly")),
        (0.0, 1, ("6", "0.0 % of 1 image classified correctly")),
        (1.0, 100, ("none", "every image was classified correctly")),
    ],
)
def test_a_class_is_the_weakest_only_where_something_was_missed(recall, count, expected):
    value, what, hint = weakest_class({"label": "6", "recall": recall, "count": count})
    assert (value, hint) == expected and what == "weakest class"


@pytest.mark.parametrize(("count", "most"), [(0, 5), (3, 5), (5, 5), (1000, 24)])
def test_spread_rows_are_different_in_order_and_at_most_so_many(count, most):
    rows = spread(count, most)
    assert len(rows) == min(count, most)
    assert rows == sorted(set(rows))
    assert all(0 <= row < count for row in rows)


def test_pictures_side_by_side_have_a_white_gap():
    whole = side_by_side([np.zeros((2, 3, 1), np.uint8)] * 3)
    assert whole.shape == (2, 9 + 2 * GAP, 1)
    assert (whole[:, 3 : 3 + GAP] == 255).all()
    assert (whole[:, :3] == 0).all()


@pytest.mark.parametrize(("task", "panels"), [(Classify(classes=("a", "b")), 1), (Denoise(), 3)])
def test_a_report_shows_what_the_network_saw_and_made(task, panels, tmp_path, monkeypatch):
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path))
    part = task.example(0).test
    spec = ImageSpec(height=16, width=16, channels=1)
    network = torch.nn.Sequential(torch.nn.Identity())
    fitted = task.prepare(part.rows)
    show = pictures_of(Model(network=network, task=fitted, images=spec), load_samples(part, fitted, spec))
    seen = show(0)
    assert seen.shape == (16, 16 * panels + GAP * (panels - 1), 1)
    if panels == 3:
        np.testing.assert_array_equal(seen[:, :16], seen[:, 16 + GAP : 32 + GAP])
        assert not np.array_equal(seen[:, :16], seen[:, -16:])


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "report").write_text("a file, not a folder")
    with pytest.raises(ValueError, match="report"):
        written(Path(tmp_path), steered(), LOG, RECIPE, DATA, picture)
