import numpy as np
import pytest
import torch

from eyespot.explanations import explain, make_subject
from eyespot.explanations.activations import figures, gradients, tiled
from tests.explanations.small_models import careless, picture, plain


def test_figures_worked_out_by_hand():
    found = figures(torch.tensor([0.0, 0.0, -1.0, 3.0]))
    assert (found["minimum"], found["maximum"], found["mean"], found["zeros"]) == (-1, 3, 0.5, 0.5)
    assert sum(found["histogram"]) == 4 and found["edges"] == [-1, 3] and len(found["histogram"]) == 32


def test_every_call_is_told_in_order_with_values_and_gradients():
    model = careless()
    rows = explain(model, picture(), "activations").values["calls"]
    assert [row["index"] for row in rows] == list(range(14))
    assert rows[1]["name"] == "conv1" and rows[1]["shape"] == [4, 15, 13] and rows[1]["receptive_field"] == (3, 3)
    assert rows[2]["values"]["minimum"] == 0 and rows[2]["values"]["zeros"] > 0
    assert rows[-1]["gradients"]["maximum"] == 1 and rows[-1]["gradients"]["zeros"] == 0.75


def test_gradients_of_hidden_numbers_agree_with_finite_differences():
    model = plain()
    subject = make_subject(model, picture(), 1)
    slopes = gradients(subject)
    tail = model.network[5:]
    value = subject.calls[5].output
    step = torch.zeros_like(value)
    step[0, 2, 3, 1] = 0.01
    with torch.no_grad():
        slope = (tail(value + step) - tail(value - step))[0, 1] / 0.02
    assert slopes[5][0, 2, 3, 1].item() == pytest.approx(slope.item(), abs=1e-4)


def test_silent_units_are_named():
    model = plain()
    weight, bias = model.network[4].weight.detach().clone(), model.network[4].bias.detach().clone()
    weight[3], bias[3] = 0, -1
    found = explain(model.edited({"4.weight": weight, "4.bias": bias}), picture(), "activations")
    assert 3 in next(row for row in found.values["calls"] if row["name"] == "5")["silent_units"]
    assert "nowhere above zero" in found.notes[0]


def test_maps_are_tiled_with_a_line_between_them():
    drawn = tiled(np.ones((3, 2, 2)))
    assert drawn.tolist() == [[1, 1, 0, 1, 1], [1, 1, 0, 1, 1], [0] * 5, [1, 1, 0, 0, 0], [1, 1, 0, 0, 0]]
