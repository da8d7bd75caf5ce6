"""The option `--correct` of `drive`: rounds of corrections, each followed by a training and a measurement."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._drive import measure_model
from ._runs import model_path
from ._train import train_source

if TYPE_CHECKING:
    from ..training.recipe import Recipe


def correct_model(
    run: Path,
    course: Any,
    tracks: list[int],
    out: Path,
    kicks: Any,
    progress: Any,
    video: bool,
    rounds: int,
    quiet: bool,
) -> dict[str, Any]:
    """Improve a model by rounds of corrections; returns the last result, with the autonomy of each round."""
    from ..files import write_whole
    from ..findings import to_json
    from ..model import load
    from ..simulators import record_corrections, recorded_tracks, steering_of
    from ..training.options import TrainOptions

    recipe = _recipe_of(run)
    drives = Path(recipe.source["what"])
    recorded_tracks(drives)
    result = measure_model(run, course, tracks, out / "round-0", kicks, progress, video=False)
    autonomies = [result["autonomy"]]
    for number in range(1, rounds + 1):
        folder = out / f"round-{number}"
        driver = steering_of(load(model_path(run)), str(run))
        record_corrections(driver, course, drives, folder / "drives", number, progress)
        drives, run = folder / "drives", folder / "run"
        train_source(str(drives), TrainOptions(**recipe.options), run, quiet)
        result = measure_model(run, course, tracks, folder, kicks, progress, video=video and number == rounds)
        autonomies.append(result["autonomy"])
    result["autonomy_by_round"] = autonomies
    write_whole(out / "drive.json", to_json(result).encode())
    return result


def _recipe_of(run: Path) -> "Recipe":
    """The recipe of a run folder; raise `SimulatorError` for a model file on its own."""
    from ..errors import SimulatorError
    from ..training.recipe import read_recipe

    if not (run / "recipe.json").is_file():
        raise SimulatorError(
            f"{run}: --correct trains again on the recorded drives, so that it needs the run folder of the model; "
            "expected a folder with recipe.json."
        )
    return read_recipe(run / "recipe.json")
