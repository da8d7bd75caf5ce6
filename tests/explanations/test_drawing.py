import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex

from eyespot.explanations import Explanation, Panel
from eyespot.explanations._drawing import SIGNED, _figure


def drawn(*panels, **values):
    given = {"method": "occlusion", "task": "classify", "answer": "cat", "of": "cat", "layer": "conv1", **values}
    return _figure(Explanation(panels=panels, **given))


def test_signed_colors_are_symmetric_around_zero_and_have_a_legend():
    figure = drawn(Panel(title="t", kind="signed", values=np.array([[-1.0, 4.0], [0, 0]]), legend="logit"))
    ax = figure.axes[0]
    assert ax.images[0].get_clim() == (-4, 4)
    assert ax.get_xlabel() == "logit" and ax.child_axes
    assert to_hex(ax.images[0].cmap(0.5)) == "#f7f6f6"


def test_a_map_of_zeros_is_drawn():
    assert drawn(Panel(title="t", kind="signed", values=np.zeros((3, 3)))).axes[0].images[0].get_clim() == (-1, 1)


def test_method_class_and_layer_are_stated():
    text = " ".join(part.get_text() for part in drawn(Panel(title="t", kind="signed", values=np.eye(2))).texts)
    for words in ("occlusion (classify)", "explained: cat", "answer of the model: cat", "layer: conv1"):
        assert words in text


@pytest.mark.parametrize("shape", [(10, 40), (40, 10), (8, 8)])
def test_panels_lie_inside_the_figure_beside_each_other(shape):
    panels = [Panel(title=f"a long title {i} " * 6, kind="signed", values=np.random.rand(*shape)) for i in range(7)]
    boxes = [ax.get_position() for ax in drawn(*panels).axes]
    assert all(0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1 for box in boxes)
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_every_kind_of_panel_is_drawn():
    panels = (
        Panel(title="p", kind="picture", values=np.zeros((4, 4, 1), np.uint8), boxes=((0, 0, 2, 2),)),
        Panel(title="c", kind="choices", values=np.array([[0, 1], [1, 1]]), names=("a", "b" * 60)),
        Panel(title="l", kind="curves", values={"one": [(0, 1), (1, 2)], "two": [(0, 0), (1, 1)]}, across="x"),
        Panel(title="b", kind="bars", values=[1.0, -2.0], names=("stages.stage3.block1.relu", "y")),
    )
    axes = drawn(*panels).axes
    assert len(axes) == 4 and len(axes[0].patches) == 1
    assert [label.get_text() for label in axes[3].get_yticklabels()] == ["…es.stage3.block1.relu", "y"]


def test_signed_maps_have_the_colors_of_the_page():
    """The page's own test compares its colors with the same file: positive red, negative blue on both sides."""
    page = json.loads((Path(__file__).parents[2] / "page" / "tests" / "signed-colors.json").read_text())
    drawn = mpl.colormaps[SIGNED]
    assert {at: [round(255 * part) for part in drawn(float(at))[:3]] for at in page} == page
    (low_red, _, low_blue), (high_red, _, high_blue) = page["0.0"], page["1.0"]
    assert low_blue > low_red and high_red > high_blue
