"""Heads of detectors with several levels, with values worked out by hand."""

import math

import pytest
import torch

from eyespot.errors import RecipeError, TaskError
from eyespot.networks import build
from eyespot.networks.network import map_output
from eyespot.sources.synthetic import objects
from eyespot.tasks.criterion import Aim
from eyespot.tasks.detect import Detect
from eyespot.tasks.detect._heads import HEADS, product_logit
from eyespot.tasks.detect._loss import level_loss
from eyespot.training._initial_weights import choose_start
from eyespot.training.options import TrainOptions

YOLOX = Detect(classes=("a", "b"), head="yolox", threshold=0.5)


def silent() -> dict[str, torch.Tensor]:
    """The output of three levels of a 32x32 image, without any object."""
    output = {f"stride{s}": torch.zeros(1, 7, 32 // s, 32 // s) for s in (8, 16, 32)}
    for level in output.values():
        level[:, 4:] = -20
    return output


def one_object() -> dict[str, torch.Tensor]:
    """Class b at the cell of row 1 and column 0 of stride 16: center 4 pixels from the corner, sides 16 and 8."""
    output = silent()
    output["stride16"][0, :, 1, 0] = torch.tensor([0.25, 0.25, 0, -math.log(2), 9, -9, 9])
    return output


def test_scores_are_products_of_probabilities():
    one, other = torch.tensor([0.3, 2.0, 60.0]), torch.tensor([-1.0, 5.0, 60.0])
    assert torch.allclose(product_logit(one, other).sigmoid(), one.sigmoid() * other.sigmoid(), atol=1e-5)
    assert torch.isfinite(product_logit(torch.tensor(-200.0), torch.tensor(-200.0)))


def test_boxes_start_from_the_corner_of_their_cell():
    answer = YOLOX.answer({name: level[0] for name, level in one_object().items()})
    assert answer["answer"] == "1 b"
    assert answer["boxes"][0]["box"] == pytest.approx([-4, 16, 12, 24])
    assert answer["boxes"][0]["score"] == pytest.approx((1 / (1 + math.exp(-9))) ** 2)
    activated = YOLOX.activate(one_object())
    assert activated["scores"].shape == (1, 2, 21) and activated["boxes"].shape == (1, 21, 4)


def test_a_place_is_that_of_every_level():
    output = one_object()
    assert YOLOX.target_name(YOLOX.default_target(output)) == "b@24,8"
    assert YOLOX.value(output, YOLOX.parse_target("b@31,15")).item() > 0.9  # the same cell of 16 pixels
    assert YOLOX.value(output, YOLOX.parse_target("b@15,15")).item() < 0.1
    with pytest.raises(TaskError, match=r"place 32,0 is outside .* row below 32 and a column below 32"):
        YOLOX.objective(output, YOLOX.parse_target("32,0"))


def test_an_object_of_several_levels_disappears():
    output = one_object()
    plan = YOLOX.attack_criterion(Aim(), output, None, farthest=False)
    assert plan.skipped == [""]
    assert not plan.criterion.fooled(output, torch.tensor([0])).any()
    assert plan.criterion.fooled(silent(), torch.tensor([0])).all()


def test_objects_belong_to_a_level_by_their_size():
    boxes = [torch.zeros(1, side, side, 4) for side in (16, 8, 4)]
    for level in boxes:
        level[..., 2:] = 1.0
    wanted = {20.0: 0, 79.0: 0, 81.0: 1, 170.0: 2, 1000.0: 2}
    for side, place in wanted.items():
        target = torch.tensor([[[0.0, 0.0, side, side, 0.0]]])
        moved = [level.clone().requires_grad_() for level in boxes]
        logits = [torch.zeros(1, 1, *level.shape[1:3]) for level in boxes]
        level_loss(logits, moved, target, (8, 16, 32)).sum().backward()
        reached = [number for number, level in enumerate(moved) if level.grad is not None and level.grad.any()]
        assert reached == [place], side


def test_an_unknown_head_is_an_error():
    with pytest.raises(TaskError, match="Unknown head 'ssdd'"):
        Detect(head="ssdd")


@pytest.mark.parametrize("head", HEADS)
def test_every_head_learns_a_few_images(head):
    source = objects(count=8, size=16, seed=1)
    rows = [*source.train.rows, *source.validation.rows, *source.test.rows]
    task = Detect(head=head).prepare(rows)
    pixels = torch.stack([torch.from_numpy(row.picture).permute(2, 0, 1) for row in rows]).float() / 127.5 - 1
    target = task.stack([task.read(row) for row in rows])
    torch.manual_seed(0)
    network = build("residual", (3, 16, 16), task.outputs(3), size="tiny")
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    losses = []
    for _ in range(15):
        loss = task.loss(network(pixels), target).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    answer = task.answer(map_output(network.eval()(pixels), lambda one: one[0]))
    assert 0 <= answer["score"] <= 1


def test_reports_draw_what_heads_with_several_maps_detect():
    black = torch.zeros(1, 3, 32, 32)
    [drawn] = YOLOX.illustrate((black,), black, lambda _: one_object())
    assert drawn.shape == (3, 32, 32) and drawn[:, 16:28, :16].any() and not drawn[:, :8, 20:].any()


def test_heads_with_several_maps_learn_from_random_weights():
    source = objects(count=12, size=64)
    with pytest.raises(RecipeError, match="start is probe, but the network's answer consists of several maps"):
        choose_start(source, YOLOX, TrainOptions(start="probe"))
    assert choose_start(source, YOLOX, TrainOptions()).how == "scratch"
