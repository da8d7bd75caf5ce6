"""Test accuracy of the default training on two sets of digits, with the time it takes on two cores.

Claims, for every seed. `demo`: 4,000 digits are learned in under 60 s, with at least 98.5 % on the 1,000 test digits.
`mnist`: at least 99.3 % on the 10,000 test digits after under 3 minutes.

Nothing is chosen by hand but the epochs of `mnist` (6); validation images are part of the training images.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from _common import data_folder, finish, parse
from _training import classify_rows, clean_place, load_at_start, recipe_of, train_seeds

import eyespot

LENGTH = "long"


def demo(place: Path) -> dict[str, Any]:
    return {"source": "bundled:mnist5k"}


def mnist(place: Path) -> dict[str, Any]:
    return {"source": eyespot.open_source(data_folder() / "MNIST"), "epochs": 6.0}


PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {"demo": demo, "mnist": mnist}


def main() -> None:
    arguments = parse(__doc__, {"seeds": 3, "epochs": 0.0, "parts": ",".join(PARTS)})
    settings: dict[str, Any] = {"load at start": load_at_start()}
    rows = []
    for part in arguments.parts.split(","):
        with clean_place() as place:
            options = PARTS[part](place) | ({"epochs": arguments.epochs} if arguments.epochs else {})
            runs = train_seeds(
                arguments.seeds,
                lambda seed, options=options, place=place: eyespot.train(**options, out=place / str(seed), seed=seed),
            )
            settings[f"recipe of {part}"] = recipe_of(runs[0][0])
            rows += [{"part": part, **row} for row in classify_rows(runs)]
    finish(__file__, arguments, settings, rows)


if __name__ == "__main__":
    main()
