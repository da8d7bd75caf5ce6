"""Explanations: how every number is computed, what each unit has learned, what an answer depends on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ExplanationError, look_up
from ..files import require_file
from ..images import Picture
from ..model import Model
from ..sources.source import Part, Source
from ._activation_maximization import explain_activation_maximization
from ._attribution import ATTRIBUTIONS, explain_by
from ._contributions import explain_contributions
from ._correspondence import correspondence
from ._deconvnet import explain_deconvnet
from ._everything import explain_by_all
from ._explanation import Check, Explanation, Panel
from ._invariance import explain_invariance
from ._maps import ImageMap, explain_map
from ._neighbors import explain_neighbors
from ._occlusion import explain_occlusion
from ._request import At, ExplanationRequest, parse_at
from ._trace import Trace, trace
from ._trace_explained import explain_trace
from .activations import explain_activations
from .evolution import evolution, snapshots
from .gallery import Gallery, explain_directions, explain_units
from .subject import Subject, make_subject

__all__ = [
    "METHODS",
    "Check",
    "Explanation",
    "Gallery",
    "ImageMap",
    "Panel",
    "Subject",
    "Trace",
    "correspondence",
    "evolution",
    "explain",
    "make_subject",
    "snapshots",
    "trace",
]


PICTURES = (".png", ".svg", ".pdf", ".json")
"""Suffixes of files for the explanation of one image."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """An explanation method: its one-line summary, its options, and its function.

    `explain` takes a `Subject` (model and image), `survey` a model and many images; each method has one of the two.
    `files` are the suffixes of the files that its result can be saved as.
    """

    summary: str
    takes: tuple[str, ...] = ()
    explain: Callable[[Subject, ExplanationRequest], Explanation] | None = None
    survey: Callable[[Model, Source | Part, ExplanationRequest], Gallery | ImageMap] | None = None
    files: tuple[str, ...] = PICTURES


WATCHED = ("of", "reference", "layer")
METHODS: dict[str, Method] = {
    "trace": Method(
        summary="how one value is computed: every input, weight and product, the bias, the sum",
        takes=("of", "layer", "unit", "at"),
        explain=explain_trace,
    ),
    "contributions": Method(
        summary="the contribution of each feature to the output of a class",
        takes=("of",),
        explain=explain_contributions,
    ),
    "activations": Method(
        summary="output and gradient of every layer: ranges, zeros, histograms, maps",
        takes=("of", "reference", "layer"),
        explain=explain_activations,
    ),
    "deconvnet": Method(
        summary="the activation of a unit, projected back to the pixels (Zeiler and Fergus)",
        takes=("layer", "unit", "at"),
        explain=explain_deconvnet,
    ),
    "activation-maximization": Method(
        summary="an image optimized to activate a unit, next to the given one",
        takes=("layer", "unit", "at", "seed"),
        explain=explain_activation_maximization,
    ),
    "occlusion": Method(
        summary="cover parts of the image in turn and record the change of the answer",
        takes=("of", "reference", "layer", "unit", "patch", "stride", "fill"),
        explain=explain_occlusion,
    ),
    **{
        name: Method(summary=one.summary, takes=WATCHED if one.layered else WATCHED[:2], explain=explain_by(name))
        for name, one in ATTRIBUTIONS.items()
    },
    "all": Method(summary="all attribution maps, with a table of checks", takes=WATCHED[:2], explain=explain_by_all),
    "invariance": Method(
        summary="how features and answer change as the image is shifted, scaled and rotated",
        takes=("of", "reference"),
        explain=explain_invariance,
    ),
    "neighbors": Method(
        summary="the images of a source with the most similar features",
        takes=("of", "layer", "among"),
        explain=explain_neighbors,
    ),
    "units": Method(
        summary="for every unit the images that activate it most, with patch and projection",
        takes=("layer",),
        survey=explain_units,
        files=(".html", ".json"),
    ),
    "directions": Method(
        summary="units and random directions of a layer side by side, for a blind comparison",
        takes=("layer", "seed"),
        survey=explain_directions,
        files=(".html", ".json"),
    ),
    "map": Method(
        summary="a 2-D map of images by similarity; frames show wrong answers, or answers that are numbers",
        takes=("layer", "seed"),
        survey=explain_map,
        files=(".png", ".json"),
    ),
}


def explain(
    model: Model,
    what: Picture | Source | Part,
    by: str = "occlusion",
    *,
    of: Any = None,
    reference: Picture | None = None,
    layer: str | None = None,
    unit: int | None = None,
    at: At | str = None,
    patch: int | None = None,
    stride: int | None = None,
    fill: float | None = None,
    among: Source | None = None,
    seed: int | None = None,
) -> Explanation | Gallery | ImageMap:
    """Explain the answers of a model, by one of `METHODS`: for one image, or for the images of a source.

    `of` is the class, tag or position to explain (default: the answer of the model); `reference` is another image, for
    models that compare images: the similarity to it is explained. `layer` and `unit` select a unit, `at` a position
    (row, column) in its map, also as text "ROW,COLUMN". `patch`, `stride` (pixels) and `fill` (gray, 0 to 1) are for
    occlusion, `among` for neighbors. Omit arguments that a method does not use. Images are preprocessed as for
    predictions, which the result notes. Raises `ExplanationError` for an unknown method, layer or unit, with the
    closest names.

    `explain(model, "cat.jpg", by="grad-cam").save("why.png")`
    """
    method = look_up("method", by, METHODS, ExplanationError)
    request = ExplanationRequest(
        of=of,
        reference=reference,
        layer=layer,
        unit=unit,
        at=parse_at(at),
        patch=patch,
        stride=stride,
        fill=fill,
        among=among,
        seed=seed,
    )
    request.only(by, method.takes)
    if of is not None and reference is not None:
        raise ExplanationError("'of' and 'reference' were given; give one of them.")
    if isinstance(what, Source | Part):
        if method.survey is None:
            raise ExplanationError(f"'{by}' explains a single image; give an image, or one of {_names(survey=True)}.")
        return method.survey(model, what, request)
    if method.explain is None:
        raise ExplanationError(f"'{by}' needs many images; give a source, or one of {_names(survey=False)}.")
    return method.explain(make_subject(model, what, of, reference), request)


def check_file(by: str, path: Path) -> None:
    """Raise `ExplanationError` if the result of a method cannot be saved as this file, before it is computed."""
    files = METHODS[by].files if by in METHODS else PICTURES
    if path.suffix.lower() not in files:
        raise ExplanationError(f"{path}: '{by}' is saved as {' or '.join(files)}; choose one.", argument="out")
    require_file(path)


def _names(survey: bool) -> str:
    return ", ".join(name for name, method in METHODS.items() if (method.survey is not None) == survey)
