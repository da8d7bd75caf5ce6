"""A task whose network returns several named outputs: saved, loaded, predicted, explained and attacked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, final

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from eyespot.attacks import attack
from eyespot.explanations import explain
from eyespot.images import Frame, ImageSpec
from eyespot.model import Model, load
from eyespot.networks import Output, build
from eyespot.sources._arrays import from_arrays
from eyespot.sources.source import Row, Source
from eyespot.tasks import TASKS
from eyespot.tasks.task import Metric, Task

OUTPUT = Output("named", parts={"places": Output("map", 1, stride=4), "sizes": Output("vector", 2)})


@final
@dataclass(frozen=True, kw_only=True)
class Blobs(Task):
    """How likely is a blob at each place, and how large are blobs?"""

    name: ClassVar[str] = "blobs"
    metric: ClassVar[Metric] = Metric(name="error", better="lower")
    columns: ClassVar[tuple[str, ...]] = ()

    def prepare(self, rows: Sequence[Row]) -> Self:
        return self

    def read(self, row: Row) -> float:
        return 0.0

    def outputs(self, channels: int) -> Output:
        return OUTPUT

    def activate(self, output: Any) -> Any:
        return {"places": output["places"].sigmoid(), "sizes": output["sizes"].exp()}

    def loss(self, output: Any, target: Any, criterion: nn.Module | None = None) -> Tensor:
        return output["places"].square().mean((1, 2, 3)) + output["sizes"].square().mean(1)

    def score(self, output: Any, target: Any) -> dict[str, Tensor]:
        return {"error": self.loss(output, target)}

    def to_rows(self, output: Any, target: Any, frame: Frame | None = None) -> list[dict[str, Any]]:
        return [{"error": error} for error in self.loss(output, target).tolist()]

    def evaluate(self, table: Sequence[dict[str, Any]]) -> tuple[float, tuple[float, float], dict[str, Any]]:
        errors = [row["error"] for row in table]
        return sum(errors) / len(errors), (min(errors), max(errors)), {}

    def answer(self, output: Any, frame: Frame | None = None) -> dict[str, Any]:
        return {"answer": f"{int((output['places'] > 0).sum())} blobs", "sizes": output["sizes"].exp().tolist()}

    def objective(self, output: Any, of: Any = None) -> Tensor:
        return output["places"].amax((1, 2, 3))

    def example(self, seed: int) -> Source:
        images = np.random.default_rng(seed).integers(0, 256, (20, 16, 16, 3), dtype=np.uint8)
        return from_arrays("example:blobs", "noise", images, [{}] * 20)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setitem(TASKS, "blobs", Blobs)
    torch.manual_seed(0)
    network = build("residual", (3, 16, 16), OUTPUT, size="tiny")
    return Model(network=network, task=Blobs(), images=ImageSpec(height=16, width=16, channels=3))


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def test_it_answers_the_same_after_saving_and_loading(model, picture, tmp_path):
    loaded = load(model.save(tmp_path / "model.safetensors"))
    assert loaded.predict(picture) == model.predict(picture)
    pixels = model.read(picture)
    with torch.no_grad():
        answer, raw = loaded.module()(pixels), model.outputs(pixels)
        exported = torch.export.export(loaded.module(), (pixels,)).module()(pixels)
    assert torch.allclose(answer["sizes"], raw["sizes"].exp(), atol=1e-5)
    assert torch.allclose(exported["places"], raw["places"].sigmoid(), atol=1e-5)


@pytest.mark.parametrize("method", ["occlusion", "gradient", "grad-cam"])
def test_it_is_explained(model, picture, method):
    assert explain(model, picture, by=method).maps["heat"].shape == (16, 16)


@pytest.mark.parametrize("by", ["fgsm", "one-pixel", "pixel-search"])
def test_it_is_attacked(model, picture, by):
    result = attack(model, picture, by=by, **({} if by == "fgsm" else {"queries": 400}))
    assert result.queries > 0
    assert by == "fgsm" or (result.fooled != picture).any(2).sum() <= 1
    assert result.before["answer"].endswith("blobs")
