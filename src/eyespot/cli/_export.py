"""The verb `export`: a model in a form that needs no eyespot."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import EyespotError, RunError
from ..files import require_file
from ._output import AsJson, print_json
from ._runs import ModelFile, model_path
from ._source import answered, open_described, unseen_part

if TYPE_CHECKING:
    from ..exporting import Export, Program, Quantization
    from ..serving.one_file import OneFile


def export(
    model: ModelFile,
    more: Annotated[list[Path] | None, typer.Argument(metavar="[PICTURE]...", help="More images.")] = None,
    page: Annotated[
        Path | None, typer.Option(help="Write the page with this model as a single file that needs no server.")
    ] = None,
    images: Annotated[list[Path] | None, typer.Option(help="Images to show on the page; more may follow.")] = None,
    onnx: Annotated[Path | None, typer.Option(help="Write an ONNX file that needs onnxruntime alone.")] = None,
    pt2: Annotated[Path | None, typer.Option(help="Write a program of PyTorch (.pt2) that needs torch alone.")] = None,
    input: Annotated[
        str | None,
        typer.Option(
            help="With --onnx: image (default; preprocessing included, uint8 of any size) or tensor (without)."
        ),
    ] = None,
    int8: Annotated[
        str | None, typer.Option(help="With --onnx: compute in INT8, calibrated and compared on this source.")
    ] = None,
    max_drop: Annotated[
        float | None,
        typer.Option(help="With --int8: accepted loss of the score, in percentage points for shares (default 1)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a model in a form that needs no eyespot: an ONNX file, a program of PyTorch, or a page without a server."""
    outputs = {"--onnx": onnx, "--pt2": pt2, "--page": page}
    if sum(out is not None for out in outputs.values()) != 1:
        raise EyespotError("Give one output: --onnx out.onnx, --pt2 out.pt2 or --page out.html.")
    if page is None and (images or more):
        raise EyespotError("Images need --page; leave them out, or write the page with a separate command.")
    if onnx is None and (input is not None or int8 is not None or max_drop is not None):
        raise EyespotError("--input, --int8 and --max-drop need --onnx; leave them out.")
    if max_drop is not None and int8 is None:
        raise EyespotError("--max-drop needs --int8; give both.")
    if onnx is not None and int8 is not None:
        _print_int8(*_int8(model, onnx, input or "image", int8, 1.0 if max_drop is None else max_drop), as_json)
    elif onnx is not None:
        _print_export(_onnx(model, onnx, input or "image"), as_json)
    elif pt2 is not None:
        _print_program(_pt2(model, pt2), as_json)
    elif page is not None:
        _print_page(model, page, [*(images or []), *(more or [])], as_json)


def _print_page(model: Path, page: Path, pictures: list[Path], as_json: bool) -> None:
    check_page(page)
    written, notes = _page(model, page, pictures)
    if as_json:
        print_json({**_to_dict(written), "notes": notes})
        return
    for line in [*notes, *_lines(written)]:
        print(line)


def _check_onnx(out: Path) -> None:
    """Raise `RunError` where an ONNX file cannot be written, before the model is read."""
    if out.suffix.lower() != ".onnx":
        raise RunError(f"{out}: has the suffix '{out.suffix}'; an ONNX file ends in .onnx.", argument="onnx")
    require_file(out)


def _pt2(model: Path, out: Path) -> "Program":
    """Write the program of PyTorch; where it cannot be written is said before the model is read."""
    if out.suffix.lower() != ".pt2":
        raise RunError(f"{out}: has the suffix '{out.suffix}'; a program of PyTorch ends in .pt2.", argument="pt2")
    require_file(out)
    from ..exporting import export_program
    from ..model import load

    loaded = load(model_path(model))
    out.parent.mkdir(parents=True, exist_ok=True)
    return export_program(loaded, out)


def _print_program(program: "Program", as_json: bool) -> None:
    from ..findings import to_plain

    if as_json:
        print_json(to_plain(program))
        return
    print(f"{program.path}: {program.size / 1e6:.1f} MB, pixels of the model's size in [0, 1] to the answer")
    print(f"  same answers as the model for 1, 2 and 5 images, largest difference {program.largest_difference:.1e}")


def _int8(model: Path, out: Path, input: str, source: str, points: float) -> "tuple[Export, Quantization]":
    """Write the INT8 file: calibrated on the training part of a source, compared on other, unseen images."""
    _check_onnx(out)
    if not 0 <= points < float("inf"):
        raise RunError(f"max-drop is {points:g}; give 0 or a number above 0.", argument="max_drop")
    import numpy as np

    from ..errors import SourceError
    from ..exporting import export_int8
    from ..html import is_share
    from ..model import load

    file = model_path(model)
    loaded = load(file)
    opened = answered(open_described(source, None, None, value_range=loaded.images.value_range), loaded)
    chosen = unseen_part(file, opened, None)
    others = chosen.take(np.flatnonzero(~np.isin(chosen.keys, opened.train.keys)))
    if not len(others):
        raise SourceError(f"{source}: has no images to compare on besides those used for calibration.")
    out.parent.mkdir(parents=True, exist_ok=True)
    metric = loaded.task.metric
    scale = 100 if is_share([], metric.unit, metric.better) else 1
    return export_int8(loaded, out, opened.train, others, input, points / scale)


def _print_int8(export: "Export", found: "Quantization", as_json: bool) -> None:
    from ..findings import to_plain

    if as_json:
        print_json({**to_plain(export), "int8": to_plain(found)})
        return
    print(f"{export.path}: {export.size / 1e6:.1f} MB, INT8, calibrated on {found.calibrated_on} images")
    for name, score, (low, high), milliseconds in (
        ("float32", found.before, found.before_interval, found.before_milliseconds),
        ("INT8", found.after, found.after_interval, found.after_milliseconds),
    ):
        print(
            f"  {name}: {found.metric} {score:.4f} ({low:.4f} to {high:.4f}) on {found.count:,} images, "
            f"network {milliseconds:.2f} ms"
        )


def _onnx(model: Path, out: Path, input: str) -> "Export":
    """Write the ONNX file; where it cannot be written is said before the model is read."""
    _check_onnx(out)
    from ..exporting import export_onnx
    from ..model import load

    out.parent.mkdir(parents=True, exist_ok=True)
    return export_onnx(load(model_path(model)), out, input)


def _print_export(export: "Export", as_json: bool) -> None:
    from ..findings import to_plain

    if as_json:
        print_json(to_plain(export))
        return
    parity = export.parity
    print(f"{export.path}: {export.size / 1e6:.1f} MB, operator set {export.opset}")
    print(
        f"  same answers as the model: {parity.images} images of {parity.sizes} sizes, "
        f"largest difference {parity.largest_difference:.1e}"
    )


def check_page(page: Path) -> None:
    """Raise `RunError` where a page cannot be written, before the model is read."""
    if page.suffix.lower() not in (".html", ".htm"):
        raise RunError(f"{page}: has the suffix '{page.suffix}'; a page ends in .html.", argument="page")
    require_file(page)


def _page(model: Path, page: Path, pictures: list[Path]) -> "tuple[OneFile, list[str]]":
    """Write the page; of a run, and without pictures, some of those that it was tested on are shown."""
    from ._serve import needs_server

    needs_server()
    from ..serving.loading import open_given
    from ..serving.one_file import row_of, usual_rows, write_one_file

    app_state, notes = open_given([model], [])
    [shown] = app_state.models
    rows = [row_of(picture) for picture in pictures] or usual_rows(shown.rows)
    return write_one_file(shown, rows, page), [] if pictures else notes


def _to_dict(written: "OneFile") -> dict[str, Any]:
    return {
        "page": str(written.path),
        "bytes": written.size,
        "images": written.images,
        "left_out": written.left_out,
        "answers_new_images": written.answers,
    }


def _lines(written: "OneFile") -> list[str]:
    lines = [f"{written.path}: {written.size / 1e6:.1f} MB, {len(written.images)} images"]
    if written.left_out:
        lines.append(f"  left out for its size: {', '.join(written.left_out)}")
    other = "" if written.answers else "images other than these, and "
    lines += ["  answers new images in the browser"] if written.answers else []
    lines.append(f"  left out because they need `eyespot serve`: {other}explanations")
    return lines
