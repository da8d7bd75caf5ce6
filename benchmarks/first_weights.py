"""The weights that the network of 1989 begins with: as its paper prints them, and with a root that may have been lost.

Claim: drawn between -2.4 / F and 2.4 / F for F inputs, `lecun1989` leaves fewer held out zip codes wrong after its
23 passes on plain gradients than drawn between -2.4 / sqrt(F) and 2.4 / sqrt(F). The held out are 1,291 of the 7,291
training images; nothing is told of test images here.
"""

from contextlib import AbstractContextManager, nullcontext
from unittest import mock

import torch
from _common import finish, over_seeds, parse
from _training import clean_place, load_at_start, train_seeds, zip_codes
from history import CASES
from torch import nn

import eyespot
from eyespot.networks import classic

LENGTH = "long"
HELD_OUT = 1291
RECIPE = CASES[0].choices
as_printed = classic._drawn_1989


@torch.no_grad()
def with_root(layer: nn.Conv2d | nn.Linear | classic.TableConvolution, inputs: int) -> nn.Module:
    as_printed(layer, inputs)
    layer.weight.mul_(inputs**0.5)
    return layer


BEGINNINGS: dict[str, AbstractContextManager] = {
    "2.4 / F, as printed": nullcontext(),
    "2.4 / sqrt(F)": mock.patch.object(classic, "_drawn_1989", with_root),
}


def main() -> None:
    arguments = parse(__doc__, {"seeds": 5})
    load = load_at_start()
    source, rows = zip_codes(HELD_OUT), []
    for name, drawn in BEGINNINGS.items():
        with clean_place() as place, drawn:
            runs = train_seeds(
                arguments.seeds,
                lambda seed, place=place: eyespot.train(source, out=place / f"{seed}", seed=seed, **RECIPE),
            )
            wrong = over_seeds([100 * (1 - run.log[-1]["validation"]["accuracy"]) for run, _ in runs])
        found = {"held out wrong %": wrong["mean"], "std": wrong["std"], "seeds": wrong["values"]}
        rows.append({"weights up to": name, **found})
    settings = {"load at start": load, "held out": HELD_OUT, "recipe": RECIPE}
    finish(__file__, arguments, settings, rows)


if __name__ == "__main__":
    main()
