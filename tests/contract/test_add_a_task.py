"""The task that the documentation writes as an example is one."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from eyespot.errors import TaskError
from eyespot.findings import to_json
from eyespot.networks import build
from eyespot.tasks.task import Task
from tests.tasks.rows import rows_of

PAGE = Path(__file__).parents[2] / "docs" / "add-a-task.md"


@pytest.fixture(scope="module")
def rate() -> Task:
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    names: dict[str, Any] = {"__name__": "rate"}
    exec(compile(code, str(PAGE), "exec"), names)
    return names["Rate"]()


def test_it_learns_its_own_example(rate: Task):
    source = rate.example(seed=0)
    task = rate.prepare(source.train.rows)
    rows = source.train.rows[:24]
    images = torch.stack([torch.from_numpy(row.picture).permute(2, 0, 1) / 255 for row in rows])  # pyright: ignore[reportArgumentType]
    target = task.stack([task.read(row) for row in rows])
    torch.manual_seed(0)
    network = build("conv 8@3x3, relu, maxpool 2, flatten, dense", (3, 20, 20), task.outputs(3))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        loss = task.loss(network(images), target)
        assert loss.shape == (24,)
        loss.mean().backward()
        optimizer.step()
    score, (low, high), _ = task.evaluate(task.to_rows(network(images), target))
    assert score < 0.3
    assert low <= score <= high
    assert to_json(task.answer(network(images)[0]))


def test_it_refuses_what_is_no_star(rate: Task):
    with pytest.raises(TaskError, match=r"line 2: stars are '6'; expected 1 to 5"):
        rate.read(rows_of("stars", "6")[0])


def test_every_member_of_the_contract_is_shown(rate: Task):
    shown = {name for name in vars(type(rate)) if not name.startswith("_")}
    assert Task.__abstractmethods__ <= shown
