"""The page as one file with a network and some images, to be opened without a server."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from ..errors import EyespotError
from ..html import write_page
from ..sources.source import Row
from ._plain import strict_json
from .resources import ModelResource

ALONE = Path(__file__).with_name("static") / "alone"
"""The page's script and style as one file each."""
MOST_BYTES = 100_000_000
"""A browser takes many seconds to open a larger page."""
FRAME = 700
"""Approximate size of the page without script, style and data."""
USUAL_IMAGES = 4

PLAIN_KINDS = frozenset(
    (
        *("input", "conv", "conv_transposed", "max_pool", "average_pool", "adaptive_max_pool", "adaptive_average_pool"),
        *("batch_norm", "group_norm", "relu", "tanh", "add", "subtract", "multiply", "divide"),
        *("slice", "pixel_shuffle", "pixel_unshuffle", "flatten", "reshape", "dropout", "identity"),
    )
)
FUNCTIONS = frozenset(
    ("relu", "relu6", "leaky_relu", "elu", "tanh", "sigmoid", "silu", "hardsigmoid", "hardswish"),
)


@dataclass(frozen=True, kw_only=True)
class OneFile:
    """The written file, its size, and the names of the images in it and of those left out.

    `answers` states whether the page answers new images too.
    """

    path: Path
    size: int
    images: list[str]
    left_out: list[str]
    answers: bool


def write_one_file(
    shown: ModelResource, rows: Sequence[Row], path: str | Path, most: int | None = None, alone: Path | None = None
) -> OneFile:
    """Write the page with a model and the images of `rows`, so that a browser alone can display it.

    Pictures that would make it larger than `most` bytes are left out, the last ones first. Raises `EyespotError` if
    the page is not built, or not even the model has room; `ImageError` for an image that cannot be read.
    """
    most, alone = most or MOST_BYTES, alone or ALONE
    script, style = _built(alone, "page.js"), _built(alone, "page.css")
    manifest, parts = shown.manifest
    weights = _base64(*parts)
    taken = FRAME + len(script) + len(style) + len(manifest) + len(weights)
    if taken > most:
        raise EyespotError(
            f"The page would have {taken / 1e6:.0f} MB, {len(weights) / 1e6:.0f} of them weights; "
            f"at most {most / 1e6:.0f} are written. Use `eyespot serve` for a model of this size."
        )
    images: list[dict[str, Any]] = []
    for row in rows:
        image = _image(shown, json.loads(manifest)["calls"], row)
        taken += len(strict_json(image))
        if taken > most:
            break
        images.append(image)
    model = {"manifest": json.loads(manifest), "weights": weights, "fit": _fit(shown), "images": images}
    data = {"models": [model]}
    page = write_page(path, "network.html", {"title": shown.name, "style": Markup(style), **_scripts(script, data)})
    names = [row.name for row in rows]
    kept = len(images)
    return OneFile(
        path=page,
        size=page.stat().st_size,
        images=names[:kept],
        left_out=names[kept:],
        answers=model["fit"] is not None,
    )


def _fit(shown: ModelResource) -> str | None:
    """How the page resizes new images; None if it cannot process them alone.

    It cannot where some call is not computed in the page, or images have other values than 0 to 255.
    """
    alone = all(in_page(call) for call in json.loads(shown.manifest[0])["calls"])
    return shown.images.fit if alone and shown.images.value_range is None and shown.images.fit != "native" else None


def usual_rows(rows: Sequence[Row]) -> list[Row]:
    """Some of a model's own images, evenly spaced."""
    return [rows[place * len(rows) // USUAL_IMAGES] for place in range(min(USUAL_IMAGES, len(rows)))]


def row_of(picture: Path) -> Row:
    """A user's image without annotations."""
    return Row(picture=picture, name=picture.name, values={}, location=str(picture))


def in_page(call: dict[str, Any]) -> bool:
    """Return whether the page computes a call of the manifest itself, as `canRun` in page/src/lib/calls.ts does."""
    kind, settings, vector = call["kind"], call["settings"], len(call["shape"]) == 1
    return kind in PLAIN_KINDS or {
        "dense": vector,
        "softmax": vector,
        "elementwise": settings.get("function") in FUNCTIONS and not call["weights"],
        "concatenate": settings.get("dim") == 1,
        "upsample": settings.get("mode") == "nearest"
        or (settings.get("mode") == "bilinear" and not settings.get("align_corners")),
        "pad": settings.get("mode") == "constant" and len(settings.get("pad", ())) == 4,
    }.get(kind, False)


def _built(alone: Path, name: str) -> str:
    try:
        return (alone / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise EyespotError(
            "The page is not built; build it with `make page`, or install eyespot from a wheel, which holds it."
        ) from error


def _image(shown: ModelResource, calls: list[dict[str, Any]], row: Row) -> dict[str, Any]:
    pixels = shown.pixels(row.picture, row.name)
    needed = [call["id"] for call in calls if not in_page(call)]
    outputs = shown.outputs(pixels) if needed else []
    return {
        "name": row.name,
        "label": shown.model.task.target_text(row),
        "pixels": _base64(np.frombuffer(pixels, np.uint8)),
        "calls": {str(place): _base64(outputs[place].numpy().astype("<f4", copy=False)) for place in needed},
    }


def _base64(*parts: np.ndarray) -> str:
    return base64.b64encode(b"".join(part.tobytes() for part in parts)).decode()


def _scripts(script: str, data: dict[str, Any]) -> dict[str, Markup]:
    """The page's script, its fingerprint for the page's own policy, and the data, safe inside script elements."""
    code = script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    fingerprint = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    text = strict_json(data).decode().replace("<", "\\u003c")
    return {"script": Markup(code), "fingerprint": Markup(fingerprint), "data": Markup(text)}
