"""How strongly the weights of the network of 1989 decay, chosen without a look at the test images.

Claim: `lecun1989`, trained by Muon with what is known of the recipe of 1989, leaves fewer held out zip codes wrong, and
at a smaller squared error, with a decay of 0.2 than with Muon's usual 0.05. The 7,291 training images are cut into five
parts, and each part is held out once; the test images are not loaded into a training.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from _common import finish, over_seeds, parse
from _training import clean_place, load_at_start, zip_code_arrays
from history import OF_1989

import eyespot

if TYPE_CHECKING:
    from eyespot.sources.source import Source

LENGTH = "long"
FOLDS = 5
BATCH = 8


def main() -> None:
    arguments = parse(__doc__, {"decays": "0.05,0.2"})
    load, rows = load_at_start(), []
    parts = list(folds())
    for decay in map(float, arguments.decays.split(",")):
        with clean_place() as place:
            runs = [
                eyespot.train(source, out=place / f"{number}", batch=BATCH, weight_decay=decay, **OF_1989)
                for number, source in enumerate(parts)
            ]
            ends = [run.log[-1]["validation"] for run in runs]
        wrong = over_seeds([100 * (1 - end["accuracy"]) for end in ends])
        found = {"held out wrong %": wrong["mean"], "std": wrong["std"], "each part": wrong["values"]}
        rows.append({"decay": decay, **found, "squared error": over_seeds([end["loss"] for end in ends])["mean"]})
    finish(__file__, arguments, {"load at start": load, "batch": BATCH, "recipe": OF_1989}, rows)


def folds() -> Iterator["Source"]:
    """The training images five times, another fifth of them held out each time."""
    images = zip_code_arrays()
    order = np.random.default_rng(0).permutation(len(images["x_train"]))
    for held in np.array_split(order, FOLDS):
        kept = np.setdiff1d(order, held)
        parts = (("train", kept), ("val", held))
        yield eyespot.open_source(
            {f"{kind}_{name}": images[f"{kind}_train"][chosen] for kind in "xy" for name, chosen in parts}
        )


if __name__ == "__main__":
    main()
