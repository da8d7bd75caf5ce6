"""What a hardened network has gained, told beside the score that it may have cost."""

from typing import Any

import torch

from ..attacks import attack_many, choose
from ..attacks.hardening import HARDENINGS, Hardening
from ..attacks.subjects import draw, subjects
from ..attacks.summary import rate
from ..errors import AttackError
from ..html import percent
from ..model import Model
from ..sources.source import Part

IMAGES = 300
"""Held-out images that are attacked at most."""
ATTACK, STEPS = "pgd", 20


def withstands(model: Model, part: Part, hardening: Hardening) -> dict[str, Any]:
    """How many held-out images the model reads rightly, and how many it still does under an attack of fixed size.

    The attack is as large as the change that the network was hardened with, or 8/255 after noise. "right" and
    "withstood" are shares of the same images, with 95 % Wilson intervals.
    """
    size = hardening.size if hardening.by == "adversarial" else HARDENINGS["adversarial"]
    drawn = draw(part, IMAGES, seed=0)
    tried = {"by": ATTACK, "size": size, "steps": STEPS}
    try:
        chosen = subjects(model, drawn, len(drawn))
    except AttackError:  # no image is read rightly
        return {**tried, "right": rate(0, len(drawn)), "withstood": rate(0, len(drawn))}
    found = attack_many(
        model,
        torch.cat([chosen.images[number] for number in chosen.ready]),
        ATTACK,
        names=[chosen.names[number] for number in chosen.ready],
        truths=[chosen.truths[number] for number in chosen.ready],
        settings=choose(ATTACK, size=size, steps=STEPS),
    )
    withstood = sum(one.outcome != "fooled" for one in found)
    count = len(chosen.right)
    return {**tried, "right": rate(len(chosen.ready), count), "withstood": rate(withstood, count)}


def tiles(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What the report says of it: a figure, what it is, and how it was counted; untouched and under attack."""
    shares = [percent(found[name]["share"]) for name in ("right", "withstood")]
    low, high = (percent(end) for end in found["withstood"]["interval"])
    return [
        (shares[0], "right, untouched", f"of {found['right']['count']} held-out images"),
        (
            shares[1],
            "right, under attack",
            f"no value changed by more than {255 * found['size']:.3g}/255; {low} to {high}",
        ),
    ]
