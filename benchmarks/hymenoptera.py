"""Ants and bees: a folder of 398 photos is learned from nothing and evaluated, end to end, with nothing chosen by hand.

The folder has `train/` and `val/`: eyespot takes `val/` as the test part, and cuts validation images out of `train/`.
Guessing the larger class would be right for 54 % of the test photos.
"""

from _common import data_folder, finish, parse
from _training import classify_rows, clean_place, load_at_start, recipe_of, train_seeds, unpack

import eyespot

LENGTH = "long"


def main() -> None:
    arguments = parse(__doc__, {"seeds": 3, "epochs": 0.0})
    settings: dict = {"load at start": load_at_start()}
    with clean_place() as place:
        photos = eyespot.open_source(unpack(data_folder() / "hymenoptera" / "hymenoptera_160.zip", place / "photos"))
        runs = train_seeds(
            arguments.seeds,
            lambda seed: eyespot.train(photos, out=place / str(seed), seed=seed, epochs=arguments.epochs or None),
        )
        settings |= {"source": photos.describe(), "recipe": recipe_of(runs[0][0])}
        rows = classify_rows(runs)
    finish(__file__, arguments, settings, rows)


if __name__ == "__main__":
    main()
