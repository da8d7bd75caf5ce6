"""A study as `eyespot tradeoff` writes it, without its trainings."""

from pathlib import Path

from eyespot.files import write_whole
from eyespot.findings import to_json
from eyespot.studies import Study
from eyespot.studies._budget import Budget
from eyespot.studies._candidates import Candidate
from eyespot.studies._selection import Deployment, Point


def write_study(folder: Path) -> Path:
    """Three candidates, the middle one recommended; the largest is dominated by none."""
    folder.mkdir(parents=True)
    test = {"score": 0.88, "interval": (0.85, 0.91), "count": 400, "part": "test"}
    points = (
        _point("lenet5", 1.0, 0.80, front=True, test=test),
        _point("residual, int8, 1 thread", 2.0, 0.90, front=True, deployment=Deployment(
            backend="int8", threads=1, file=str(folder / "residual-int8.onnx"))),
        _point("residual", 4.0, 0.90, peak_memory=None),
    )  # fmt: skip
    study = Study(
        folder=folder, source="photos/", task="classify", metric="accuracy", unit="", better="higher",
        budget=Budget(milliseconds=5), machine="a machine", reference={"p50": 1, "p95": 1}, points=points, left_out=(),
        notes=(), recommended=points[1].candidate.key, within=True, knee=None, reason="fastest within the budget",
        command="eyespot train photos/ --network residual", seconds=60, largest="residual", largest_seconds=30,
    )  # fmt: skip
    write_whole(folder / "study.json", to_json(study).encode())
    (folder / "index.html").write_text("<h1>Which network fits: photos/</h1>")
    return folder


def _point(key: str, milliseconds: float, score: float, **more) -> Point:
    one = Candidate(
        key=key, options={}, milliseconds=milliseconds, p95=milliseconds, size=1_000_000, parameters=250_000,
        multiply_adds=5_000_000, epochs=9, training_seconds=30,
    )  # fmt: skip
    return Point(**{
        "candidate": one, "score": score, "standard_error": 0.01, "goodness": score, "rung": 0, "seconds": 30,
        "folder": "/a/folder/of/this/machine", "peak_memory": 9_000_000, **more,
    })  # fmt: skip
