"""The command `drive`: record an expert's drives, or let a model drive in a closed loop."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._output import AsJson, Quiet, print_json
from ._runs import model_path

if TYPE_CHECKING:
    from ..simulators import Drive, Sticker

RECORDED_KICK = 0.2
"""rad: how far the expert's steering is disturbed while its corrections are recorded."""


def drive(
    out: Annotated[Path, typer.Option(help="New or empty folder: images and table, or result and page.")],
    model: Annotated[Path | None, typer.Argument(help="A model of steering angles (regress), or its run.")] = None,
    expert: Annotated[bool, typer.Option("--expert", help="Record drives of a scripted expert instead.")] = False,
    tracks: Annotated[str, typer.Option(help="Track numbers, such as 0-9 or 3,7.")] = "100-109",
    kicks: Annotated[
        float | None, typer.Option(help="Disturb the steering by this many rad every 2 s (default: 0.2 with --expert).")
    ] = None,
    colors: Annotated[
        str, typer.Option(help="Colors of road and grass: default, random (on each track), or random-per-image.")
    ] = "default",
    video: Annotated[
        bool,
        typer.Option("--video", help="Also write a video of the first track that marks what the model attends to."),
    ] = False,
    saliency: Annotated[
        bool, typer.Option("--saliency", help="Also test on the first track which pixels decide the steering.")
    ] = False,
    sticker: Annotated[
        int | None, typer.Option(help="Also drive with an adversarial square of this many pixels a side on the camera.")
    ] = None,
    correct: Annotated[
        int | None, typer.Option(min=1, max=20, help="Rounds of corrections by the expert, each with a new training.")
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Drive a simulated car by its camera: record an expert, or measure the autonomy of a model."""
    from ..files import require_folder
    from ..simulators import CarRacing, parse_tracks

    if (model is None) != expert:
        raise typer.BadParameter("give either a model to drive or --expert to record drives.")
    given = {"--video": video, "--saliency": saliency, "--sticker": sticker is not None}
    if expert and any(given.values()):
        raise typer.BadParameter(f"{max(given, key=given.__getitem__)} needs a model; give one instead of --expert.")
    if correct and expert:
        raise typer.BadParameter("--correct needs the run folder of a model; give one instead of --expert.")
    numbers = parse_tracks(tracks)
    require_empty(out)
    require_folder(out)
    course = CarRacing(colors, draw=not expert)
    disturbance = kicks_of(RECORDED_KICK if kicks is None and expert else kicks or 0.0)
    progress = ignore_track if quiet or as_json else print_track
    if model is None:
        result = record_expert(course, numbers, out, disturbance, progress)
    elif correct:
        from ._correct import correct_model

        more: dict[str, Any] = {"rounds": correct, "video": video, "quiet": quiet or as_json}
        result = correct_model(model, course, numbers, out, disturbance, progress, **more)
    else:
        result = measure_model(
            model, course, numbers, out, disturbance, progress, video=video, saliency=saliency, sticker=sticker
        )
    if as_json:
        print_json(result)
    else:
        print_drives(result)


def require_empty(out: Path) -> None:
    """Raise `RunError` where something would be overwritten."""
    from ..errors import RunError

    if out.is_dir() and any(out.iterdir()):
        raise RunError(
            f"{out}: is not empty, and nothing is overwritten; choose a new or empty folder.", argument="out"
        )


def kicks_of(angle: float) -> Any:
    """The disturbances of an angle in rad; None for 0. Raise `SimulatorError` if it is out of range."""
    from ..errors import SimulatorError
    from ..simulators import CarRacing, Kicks

    if not 0 <= angle <= 2 * CarRacing.steering_limit:
        raise SimulatorError(
            f"kicks is {angle}; expected rad from 0 to {2 * CarRacing.steering_limit}.", argument="kicks"
        )
    return Kicks(angle=angle) if angle else None


def record_expert(course: Any, tracks: list[int], out: Path, kicks: Any, progress: Any) -> dict[str, Any]:
    """Record the expert; the result is that of its own drives."""
    from ..simulators import record, total

    drives = record(course, tracks, out, kicks=kicks, progress=progress)
    return {"driver": "expert", **_settings(course, kicks), **total(drives), "out": out, "tracks": _rows(drives)}


def measure_model(
    model: Path,
    course: Any,
    tracks: list[int],
    out: Path,
    kicks: Any,
    progress: Any,
    *,
    video: bool = False,
    saliency: bool = False,
    sticker: int | None = None,
) -> dict[str, Any]:
    """Let a model drive, and write the result as JSON and as a page."""
    from ..files import write_whole, written
    from ..findings import to_json
    from ..html import number, percent
    from ..model import load
    from ..simulators import find_sticker, measure, saliency_test, steering_of, write_drive_page

    file = model_path(model)
    loaded = load(file)
    driver = steering_of(loaded, str(file))
    stuck = None if sticker is None else find_sticker(loaded, course, tracks[0], sticker)
    found = measure(driver, course, tracks, kicks=kicks, undrawn=course.undrawn(), progress=progress)
    summary = found.summary()
    page, values = out / "index.html", out / "drive.json"
    result = {"driver": file, **_settings(course, kicks), **summary, "report": page, "tracks": _rows(found.drives)}
    for row, own, of_expert in zip(result["tracks"], found.returns, found.expert_returns, strict=True):
        row |= {"return": own, "expert_return": of_expert}
    if saliency:
        result["saliency"] = saliency_test(loaded, course, tracks[0])
    if stuck is not None:
        result["sticker"] = _stuck(loaded, stuck, course, tracks, kicks)
    with written(out):
        out.mkdir(parents=True, exist_ok=True)
    write_whole(values, to_json(result).encode())
    facts = {
        "return without put-back, of the expert's": percent(summary["relative_return"]),
        "simulator": course.name,
        "colors": course.colors,
        "kicks": f"{number(kicks.angle)} rad" if kicks else "none",
    }
    facts |= facts_of_tests(result)
    if video:
        result["video"] = _film(loaded, course, tracks[0], out, kicks)
    write_drive_page(page, str(model), found.drives, facts, result.get("video"))
    return result


def _stuck(model: Any, found: "Sticker", course: Any, tracks: list[int], kicks: Any) -> dict[str, float]:
    """The drives with a sticker on the camera, and its mean change of the steering."""
    from ..simulators import drive as drive_track
    from ..simulators import total, with_sticker

    driver = with_sticker(model, found)
    drives = [drive_track(driver, course, track, kicks=kicks) for track in tracks]
    return {
        "side": found.pixels.shape[-1],
        "degrees": found.degrees,
        "row": found.top,
        "column": found.left,
        **total(drives),
    }


def facts_of_tests(result: dict[str, Any]) -> dict[str, str]:
    """The results of the saliency test and of the sticker by name, for the page and the terminal."""
    from ..html import number, percent

    facts = {}
    if found := result.get("saliency"):
        share, area = percent(found["energy_on_edges"]), percent(found["area_of_edges"])
        facts["attention on the road's edges"] = f"{share}, on {area} of the image"
        slopes = (f"{kind} {number(found[f'slope_{kind}'])}" for kind in ("all", "salient", "background"))
        facts["rad per pixel of shift"] = ", ".join(slopes)
    if found := result.get("sticker"):
        facts[f"sticker of {found['side']} x {found['side']} pixels"] = (
            f"turns the wheel by {number(found['degrees'])} degrees; autonomy {percent(found['autonomy'])}"
        )
    return facts


def _film(model: Any, course: Any, track: int, out: Path, kicks: Any) -> Path:
    """The video of one track, driven once more: the same answers give the same drive."""
    from ..simulators import Film
    from ..simulators import drive as drive_track

    film = Film(model, course.steering_limit)
    drive_track(film.steer, course, track, kicks=kicks)
    return film.write(out / f"track-{track:05}.webp", course.step_seconds)


def _settings(course: Any, kicks: Any) -> dict[str, Any]:
    return {"simulator": course.name, "colors": course.colors, "kicks": kicks.angle if kicks else 0.0}


def _rows(drives: "Sequence[Drive]") -> list[dict[str, Any]]:
    from ..simulators import autonomy

    return [
        {
            "track": one.track,
            "seconds": one.seconds,
            "interventions": one.interventions,
            "autonomy": autonomy(one.interventions, one.seconds),
        }
        for one in drives
    ]


def print_track(one: "Drive") -> None:
    """Print the result of one track to standard error."""
    print(f"track {one.track}: {one.interventions} interventions in {one.seconds:.1f} s", file=sys.stderr, flush=True)


def ignore_track(one: "Drive") -> None:
    """Print nothing, with `--quiet`."""


def print_drives(result: dict[str, Any]) -> None:
    """Print the result of all tracks."""
    from ..html import percent

    print(
        f"{result['driver']}: autonomy {percent(result['autonomy'])}, {result['interventions']} interventions on "
        f"{len(result['tracks'])} tracks in {result['seconds']:.0f} s"
    )
    if "autonomy_by_round" in result:
        print(f"autonomy by round: {', '.join(percent(value) for value in result['autonomy_by_round'])}")
    if "relative_return" in result:
        print(f"return without put-back: {percent(result['relative_return'])} of the expert's")
        for name, value in facts_of_tests(result).items():
            print(f"{name}: {value}")
        print(f"report: {result['report']}" + (f"\nvideo:  {result['video']}" if "video" in result else ""))
    else:
        print(
            f"images and table: {result['out']}\nnext: eyespot train {result['out']} --task regress --network pilotnet"
        )
