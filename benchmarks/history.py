"""Networks of the past on their own data: the errors that their papers report, with their weights counted.

Claims, three seeds each, test images looked at once. `lecun1989` (9,760 weights) on the original zip codes: at most
5.0 % wrong with what is known of the recipe of 1989 (tanh units, squared errors towards +1 and -1 in the steep part
of a scaled one, weights drawn as printed, 23 passes, images as they are; in place of steps by a diagonal Hessian,
those of plain gradients on four images, or Muon's on eight with a decay of 0.2), at most 3.0 % with a recipe of
today, and at most 1.9 % with a network of one's own choice. `harley2015`: at least 99.0 % on MNIST. `convnetjs`
(22,466 weights): at least 80.0 % on the 10,000 test images of CIFAR-10. Where it says so, an image is answered by the
mean of several views: six, shifted and mirrored, as the page of ConvNetJS does, or five, shifted by a pixel; one view
stands beside it. Beside each: which share must be rejected so that 1 % of the rest are wrong (the paper of 1989:
12.1 %).

Every choice was made on validation images, which are a part of the training images.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from _common import data_folder, finish, over_seeds, parse
from _training import cifar10, clean_place, load_at_start, train_seeds, zip_codes
from _views import by_five_views, by_six_views

import eyespot
from eyespot.model import Model
from eyespot.sources.source import Source
from eyespot.training.run import Run

LENGTH = "long"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One network with its recipe, and the share of wrong answers that it may give, in percent."""

    name: str
    data: str
    most: float
    choices: dict[str, Any] = field(default_factory=dict)
    views: int = 1


OF_1989: dict[str, Any] = {
    "network": "lecun1989",
    "task": "classify:squares=true",
    "augment": "none",
    "epochs": 23,
}
ZIP_VALIDATION = 91
"""Of the 7,291 zip codes to learn from: the paper learned from all of them, and these decide about nothing here."""
CASES = (
    Case(
        name="lecun1989, recipe of 1989, plain gradients",
        data="usps",
        most=5.0,
        choices={**OF_1989, "optimizer": "sgd", "batch": 4, "rate": 0.002},
    ),
    Case(
        name="lecun1989, recipe of 1989, Muon",
        data="usps",
        most=5.0,
        choices={**OF_1989, "batch": 8, "weight_decay": 0.2},
    ),
    Case(
        name="lecun1989, recipe of today",
        data="usps",
        most=3.0,
        choices={
            "network": "lecun1989",
            "augment": "digits",
            "epochs": 300,
            "batch": 32,
        },
        views=5,
    ),
    Case(
        name="residual",
        data="usps",
        most=1.9,
        choices={"network": "residual", "size": "small", "augment": "digits", "epochs": 60, "batch": 64},
    ),
    Case(name="harley2015", data="MNIST", most=1.0, choices={"network": "harley2015", "epochs": 15}),
    Case(
        name="convnetjs",
        data="cifar10",
        most=20.0,
        choices={"network": "convnetjs", "task": "classify:smoothing=0", "augment": "light", "epochs": 60},
        views=6,
    ),
)


BY_VIEWS: dict[int, Callable[[Model], Model]] = {1: lambda model: model, 5: by_five_views, 6: by_six_views}
SOURCES: dict[str, Callable[[], Source]] = {
    "usps": lambda: zip_codes(ZIP_VALIDATION),
    "MNIST": lambda: eyespot.open_source(data_folder() / "MNIST"),
    "cifar10": lambda: cifar10(1000),
}


def main() -> None:
    arguments = parse(__doc__, {"seeds": 3, "cases": "all"})
    load = load_at_start()
    with clean_place() as place:
        rows = []
        for number, case in enumerate(CASES):
            if arguments.cases != "all" and str(number) not in arguments.cases.split(","):
                continue
            source = SOURCES[case.data]()
            runs = train_seeds(
                arguments.seeds,
                lambda seed, case=case, source=source, number=number: eyespot.train(
                    source, out=place / f"{number}-{seed}", seed=seed, **case.choices
                ),
            )
            rows.append(row_of(case, [run for run, _ in runs], source))
    finish(__file__, arguments, {"load at start": load}, rows)


def row_of(case: Case, runs: list[Run], source: Source) -> dict[str, Any]:
    results = [run.result for run in runs]
    told = [BY_VIEWS[case.views](run.model).evaluate(source.test) for run in runs]
    wrong = over_seeds([100 * (1 - one.score) for one in told])
    rejected = over_seeds([100 * one.details["rejected_for_1_percent_error"] for one in told])
    validation = [100 * (1 - run.log[-1]["validation"]["accuracy"]) for run in runs]
    return {
        "network": case.name,
        "data": case.data,
        "weights": results[0]["parameters"],
        "test error %": wrong["mean"],
        "std": wrong["std"],
        "seeds": wrong["values"],
        "at most": case.most,
        "reached": wrong["mean"] <= case.most,
        "views": case.views,
        "by one view": over_seeds([100 * (1 - result["score"]) for result in results])["mean"],
        "validation error %": over_seeds(validation)["mean"],
        "rejected for 1 % error": rejected["mean"],
        "training s": over_seeds([result["seconds"] for result in results])["mean"],
        "recipe": ", ".join(f"{name} {value}" for name, value in case.choices.items() if name != "network"),
    }


if __name__ == "__main__":
    main()
