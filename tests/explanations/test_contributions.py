import pytest
import torch
from torch import nn

from eyespot.errors import ExplanationError
from eyespot.explanations import explain
from eyespot.model import wrap
from eyespot.tasks._classify import Classify
from tests.explanations.small_models import LABELS, picture, plain, spec, two_heads


def output_of(model):
    with torch.no_grad():
        return model.outputs(model.read(picture()))[0]


@pytest.mark.parametrize("make", [plain, two_heads])
def test_votes_and_bias_add_up_to_the_output_of_the_head_that_answers(make):
    found = explain(make(), picture(), by="contributions", of="bee")
    total = found.values["bias"] + sum(vote["vote"] for vote in found.values["contributions"])
    assert total == pytest.approx(float(output_of(make())[1]), rel=1e-4, abs=1e-5)
    assert found.checks[0].passed


def test_layers_are_chosen_on_the_way_to_the_answer():
    assert explain(two_heads(), picture(), by="grad-cam").layer == "relu"


def test_rows_that_come_before_channels_are_not_called_features():
    class RowsFirst(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = nn.Linear(15 * 13 * 3, 4)

        def forward(self, x):
            return self.dense(x.permute(0, 2, 3, 1).flatten(1))

    found = explain(wrap(RowsFirst(), Classify(classes=LABELS), spec()), picture(), by="contributions", of="bee")
    assert len(found.values["contributions"]) == 15 * 13 * 3


def test_a_dense_layer_that_is_not_the_output_is_refused():
    class Doubled(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = nn.Linear(15 * 13 * 3, 4)

        def forward(self, x):
            return self.dense(x.flatten(1)) * 2

    with pytest.raises(ExplanationError, match="ends in a dense layer"):
        explain(wrap(Doubled(), Classify(classes=LABELS), spec()), picture(), by="contributions", of="bee")
