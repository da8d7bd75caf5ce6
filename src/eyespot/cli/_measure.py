"""The command `measure`: the cost of a model on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._output import AsJson, format_score, print_json
from ._runs import ModelFile, load_model, model_path
from ._source import Columns, Layout, answered, open_described, unseen_part

if TYPE_CHECKING:
    from ..measures import BackendMeasurement, Measurement
    from ..sources import Part


def measure(
    model: ModelFile,
    source: Annotated[str | None, typer.Argument(help="Labeled images, to measure the accuracy too.")] = None,
    part: Annotated[str | None, typer.Option(help="train, validation, test or all.")] = None,
    threads: Annotated[int | None, typer.Option(help="Inference threads; default: the number of cores.")] = None,
    seconds: Annotated[float, typer.Option(help="About how long each backend is timed.")] = 5.0,
    out: Annotated[Path | None, typer.Option(help="Write every number as JSON.")] = None,
    column: Columns = None,
    layout: Layout = None,
    as_json: AsJson = False,
) -> None:
    """Measure latency, throughput, memory, size and arithmetic of a model, and with a SOURCE its accuracy.

    Each way to compute it on this machine is timed in turns with a fixed reference kernel.
    """
    from ..errors import RunError
    from ..files import require_file, write_whole
    from ..findings import to_json, to_plain
    from ..measures import measure as measured

    if out is not None:
        if out.suffix.lower() != ".json":
            raise RunError(f"{out}: has the suffix '{out.suffix}'; expected .json.", argument="out")
        require_file(out)
    file = model_path(model)
    chosen, others = (None, None) if source is None else _parts(file, source, part, column, layout)
    result = measured(file, chosen, threads, seconds, others)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(out, to_json(result).encode())
    if as_json:
        print_json(to_plain(result))
    else:
        print("\n".join(_lines(result)))


def _parts(
    file: Path, source: str, part: str | None, column: list[str] | None, layout: str | None
) -> "tuple[Part, Part]":
    """Images to evaluate on, which the model was not trained on, and other ones to calibrate INT8 on."""
    import numpy as np

    loaded = load_model(file)
    opened = answered(open_described(source, column, layout, value_range=loaded.images.value_range), loaded)
    chosen = unseen_part(file, opened, part)
    return chosen, opened.train.take(np.flatnonzero(~np.isin(opened.train.keys, chosen.keys)))


def _lines(found: "Measurement") -> list[str]:
    """Format the result: method and conditions, a table, accuracies, and backends that were left out."""
    height, width, channels = found.images.height, found.images.width, found.images.channels
    counts = [
        f"{count:,} {name}"
        for count, name in ((found.parameters, "parameters"), (found.multiply_adds, "multiply-adds per image"))
        if count is not None
    ]
    kernel = found.reference
    state = "the machine was busy, latencies are too high" if found.busy else "the machine was quiet"
    return [
        ", ".join([f"{found.model}: images of {height}x{width}x{channels}", *counts]),
        f"{found.machine}; threads: {found.threads}; {found.pictures}, {kernel.count} answers of each backend in turns",
        f"reference kernel: p50 {kernel.p50:.2f} ms, p95 {kernel.p95:.2f} ms: {state}",
        "",
        *_table(found.backends),
        *(f"{each.name}: {format_score(each.evaluation)}" for each in found.backends if each.evaluation),
        *found.notes,
    ]


def _table(backends: "tuple[BackendMeasurement, ...]") -> list[str]:
    """Milliseconds per image, medians by stage; the rest in the units of the header."""
    stages = list(backends[0].stages)
    head = ["ms per image", "p50", "p95", "p99", *stages, "images/s", "at batch", "memory MB", "file MB"]
    rows = [head, *(_row(backend) for backend in backends)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]


def _row(backend: "BackendMeasurement") -> list[str]:
    total = backend.total
    return [
        backend.name,
        *(f"{value:.2f}" for value in (total.p50, total.p95, total.p99)),
        *(f"{stage.p50:.2f}" for stage in backend.stages.values()),
        f"{backend.images_per_second:,.0f}",
        str(backend.batch),
        _megabytes(backend.peak_memory),
        _megabytes(backend.file_size),
    ]


def _megabytes(size: Any) -> str:
    return "–" if size is None else f"{size / 1e6:.1f}"
