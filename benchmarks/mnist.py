"""MNIST from its IDX files: at least 99.3 % of the 10,000 test digits, after under 3 minutes of training on two cores.

A part of the 60,000 training digits is kept for validation.
"""

from _common import data_folder, finish, parse
from _training import classify_rows, clean_place, load_at_start, recipe_of, train_seeds

import eyespot

LENGTH = "long"


def main() -> None:
    arguments = parse(__doc__, {"seeds": 3, "epochs": 6.0})
    settings: dict = {"load at start": load_at_start()}
    with clean_place() as place:
        digits = eyespot.open_source(data_folder() / "MNIST")
        runs = train_seeds(
            arguments.seeds,
            lambda seed: eyespot.train(digits, out=place / str(seed), seed=seed, epochs=arguments.epochs),
        )
        settings |= {"source": digits.describe(), "recipe": recipe_of(runs[0][0])}
        rows = classify_rows(runs)
    finish(__file__, arguments, settings, rows)


if __name__ == "__main__":
    main()
