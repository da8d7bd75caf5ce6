"""The demo: 4,000 digits learned in under 60 s on two cores, at least 98.5 % of the 1,000 test digits read rightly.

Everything is left to eyespot: `eyespot.train("bundled:mnist5k", out=...)`.
"""

from _common import finish, parse
from _training import classify_rows, clean_place, load_at_start, recipe_of, train_seeds

import eyespot

LENGTH = "short"


def main() -> None:
    arguments = parse(__doc__, {"seeds": 3, "epochs": 0.0})
    settings: dict = {"load at start": load_at_start()}
    with clean_place() as place:
        runs = train_seeds(
            arguments.seeds,
            lambda seed: eyespot.train(
                "bundled:mnist5k", out=place / str(seed), seed=seed, epochs=arguments.epochs or None
            ),
        )
        settings["recipe"] = recipe_of(runs[0][0])
        rows = classify_rows(runs)
    finish(__file__, arguments, settings, rows)


if __name__ == "__main__":
    main()
