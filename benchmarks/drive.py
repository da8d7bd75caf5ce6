"""A network that is trained in minutes on a scripted expert's drives steers unseen tracks in a closed loop.

Claims, on CarRacing-v3 of Gymnasium. default: autonomy of at least 98 % and a return without put-backs of at least 95 %
of the expert's on 30 unseen tracks, for each training seed. kicks: with kicks that the expert survives, no more
interventions than the expert and one on ten tracks; with recovery data, without it, and by ridge regression. colors: on
unseen tracks in random colors, no intervention on at least 70 % of 20. speed: 30 images per second on one core with
VisualBackProp and its overlay, in processor time. Never steering and ridge regression show how little the default track
proves. Recordings, trainings and each ten tracks are kept in `--place`, if given, so that an
interrupted run goes on.
"""

import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _common import finish, kept, parse, spread
from _training import clean_place

import eyespot
from eyespot.images import ImageSpec, read_pixels
from eyespot.model import Model
from eyespot.simulators import CarRacing, Film, Kicks, autonomy, expert, measure, record, steering_of
from eyespot.simulators._driver import Driver

LENGTH = "long"
KICK = Kicks(angle=0.15)
RECORDINGS: dict[str, dict[str, Any]] = {
    "rec": {"tracks": 20, "colors": "default", "kicks": Kicks(angle=0.2)},
    "clean": {"tracks": 20, "colors": "default", "kicks": None},
    "colors": {"tracks": 80, "colors": "random-per-image", "kicks": Kicks(angle=0.2)},
}
NAMES = {"rec": "recovery data", "clean": "clean data", "colors": "recovery data, random colors per image"}
PILOTNET = {"network": "pilotnet", "input": "66x75x3"}
NETWORKS: dict[str, dict[str, Any]] = {
    "rec": PILOTNET,
    "clean": PILOTNET,
    "colors": {"network": "residual", "size": "tiny", "input": "44x50x3", "task": "regress:mirror=sign"},
}
CONDITIONS: dict[str, dict[str, Any]] = {
    "default": {"first": 100, "tracks": 30, "colors": "default", "kicks": None},
    "kicks": {"first": 130, "tracks": 20, "colors": "default", "kicks": KICK},
    "colors": {"first": 100, "tracks": 20, "colors": "random", "kicks": None},
}
SMALL = ImageSpec(height=21, width=24, channels=1, fit="stretch")
PENALTY = 100.0
CHUNK = 10
TIMED = 60


def main() -> None:
    arguments = parse(__doc__, {"parts": "default,kicks,colors,speed", "seeds": 3, "place": ""})
    if arguments.place:
        rows = measured(arguments, Path(arguments.place))
    else:
        with clean_place() as place:
            rows = measured(arguments, place)
    finish(__file__, arguments, {"kick rad": KICK.angle, "recorded tracks": 20}, rows)


def measured(arguments: Namespace, place: Path) -> list[dict[str, Any]]:
    """A row for each condition and driver."""
    rows = []
    parts = arguments.parts.split(",")
    for part in (part for part in parts if part in CONDITIONS):
        for name, driver in drivers(part, arguments.seeds, place).items():
            rows.append({"part": part, "driver": name, **row_of(part, name, driver, place)})
    return rows + ([speed(trained("rec", 0, place))] if "speed" in parts else [])


def speed(model: Model) -> dict[str, Any]:
    """Images per processor second on one thread, with steering, VisualBackProp and overlay."""
    torch.set_num_threads(1)
    film = Film(model, CarRacing.steering_limit, every=1)
    pixels = np.random.default_rng(0).integers(0, 256, (84, 96, 3), dtype=np.uint8)
    rates = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(TIMED):
            film.steer(pixels)
        rates.append(TIMED / (time.process_time() - start))
    return {"part": "speed", "driver": "pilotnet", **spread(rates)}


def drivers(part: str, seeds: int, place: Path) -> dict[str, Callable[[], Driver]]:
    """Who drives under a condition; networks are trained when they are asked for."""
    controls: dict[str, Callable[[], Driver]] = {"never steering": lambda: never_steering}
    controls["ridge, recovery data"] = lambda: ridge(recorded("rec", place))
    if part == "colors":
        controls["ridge, recovery data, random colors per image"] = lambda: ridge(recorded("colors", place))
    names = [("clean", 0), *(("rec", seed) for seed in range(seeds if part == "default" else 1))]
    names += [("colors", 0)] if part == "colors" else []
    for name, seed in names:
        title = f"{NETWORKS[name]['network']}, {NAMES[name]}, seed {seed}"
        controls[title] = lambda name=name, seed=seed: network(name, seed, place)
    return controls


def row_of(part: str, name: str, driver: Callable[[], Driver], place: Path) -> dict[str, Any]:
    """The result on all tracks of a condition, measured in chunks."""
    condition = CONDITIONS[part]
    tracks = range(condition["first"], condition["first"] + condition["tracks"])
    rows: list[dict[str, Any]] = []
    for start in range(0, len(tracks), CHUNK):
        chunk = list(tracks[start : start + CHUNK])
        key = {"part": part, "driver": name, "tracks": chunk}
        rows += kept(place / "kept.jsonl", key, lambda chunk=chunk: drives(condition, driver(), chunk))
    interventions, seconds = sum(row["interventions"] for row in rows), sum(row["seconds"] for row in rows)
    return {
        "interventions per track": interventions / len(rows),
        "autonomy %": 100 * autonomy(interventions, seconds),
        "tracks without": sum(not row["interventions"] for row in rows),
        "of": len(rows),
        "return, % of the expert's": 100 * sum(row["return"] for row in rows) / sum(row["expert"] for row in rows),
        "expert's interventions per track": sum(row["expert_interventions"] for row in rows) / len(rows),
    }


def drives(condition: dict[str, Any], driver: Driver, tracks: Sequence[int]) -> list[dict[str, Any]]:
    """One row a track: interventions and return of the driver and of the expert."""
    undrawn = CarRacing(condition["colors"], draw=False)
    course = undrawn if driver is never_steering else CarRacing(condition["colors"])
    found = measure(driver, course, tracks, kicks=condition["kicks"], undrawn=undrawn)
    by_expert = measure(expert(undrawn), undrawn, tracks, kicks=condition["kicks"])
    return [
        {
            "track": one.track,
            "seconds": one.seconds,
            "interventions": one.interventions,
            "return": own,
            "expert": of_expert,
            "expert_interventions": reference.interventions,
        }
        for one, own, of_expert, reference in zip(
            found.drives, found.returns, found.expert_returns, by_expert.drives, strict=True
        )
    ]


def never_steering(pixels: np.ndarray) -> float:
    """Straight on, whatever is seen."""
    return 0.0


def recorded(name: str, place: Path) -> Path:
    """The folder of a recording."""
    folder, settings = place / "data" / name, RECORDINGS[name]
    if not (folder / "steering.csv").exists():
        course = CarRacing(settings["colors"], draw=False)
        record(course, range(settings["tracks"]), folder, kicks=settings["kicks"])
    return folder


def network(name: str, seed: int, place: Path) -> Driver:
    """The network trained on a recording; a training that is there is taken."""
    return steering_of(trained(name, seed, place))


def trained(name: str, seed: int, place: Path) -> Model:
    """The model of a recording and a seed."""
    options = {"task": "regress", **NETWORKS[name], "epochs": 8, "seed": seed}
    run = eyespot.train(str(recorded(name, place)), out=place / "runs" / f"{name}-{seed}", **options)
    return run.model


def ridge(folder: Path) -> Driver:
    """Ridge regression on 21x24 gray pixels of the training frames, and their mirror images."""
    rows = eyespot.open_source(folder).train.rows
    images = np.stack([small(row.picture) for row in rows])
    x = np.concatenate([images, images[:, :, ::-1]]).reshape(2 * len(rows), -1)
    angles = np.array([float(row.values["number"]) for row in rows])
    y, mean = np.concatenate([angles, -angles]), x.mean(axis=0)
    weights = np.linalg.solve((x - mean).T @ (x - mean) + PENALTY * np.eye(x.shape[1]), (x - mean).T @ y)
    return lambda pixels: float((small(pixels).reshape(-1) - mean) @ weights)


def small(picture: Any) -> np.ndarray:
    """An image as gray values from 0 to 1, (21, 24)."""
    return read_pixels(picture, SMALL)[:, :, 0] / 255


if __name__ == "__main__":
    main()
