"""The method `neighbors`: the images of a source with the most similar features."""

import numpy as np

from ..embeddings.layers import features_of, features_over
from ..errors import ExplanationError
from ..sources.cache import decode
from ..sources.source import part_of
from ._explanation import Explanation, Panel
from ._request import ExplanationRequest
from .subject import Subject
from .units import spec_for_batches

NEAREST = 11


def explain_neighbors(subject: Subject, request: ExplanationRequest) -> Explanation:
    """The nearest images by the angle between features; raises `ExplanationError` without a source to search."""
    if request.among is None:
        raise ExplanationError("Neighbors are searched in a source of images; give it as among.")
    model, part = subject.model, part_of(request.among, "all")
    images = decode(part, spec_for_batches(model.images))
    layer, all_features = features_over(model, images, range(len(part)), request.layer)
    _, own = features_of(model, subject.x, request.layer)
    similarity = _cosines(own.numpy()[0], all_features)
    nearest = np.argsort(-similarity, kind="stable")[:NEAREST]
    neighbors = [
        {
            "image": part.rows[place].name,
            "similarity": float(similarity[place]),
            "label": part.rows[place].values.get("label", ""),
        }
        for place in nearest
    ]
    pictures = [
        Panel(
            title=f"{row['label'] or row['image']}, {row['similarity']:.3f}",
            kind="picture",
            values=images.image(int(place)),
        )
        for row, place in zip(neighbors, nearest, strict=True)
    ]
    return Explanation(
        method="neighbors",
        task=model.task.name,
        answer=subject.answer,
        of=f"the {len(neighbors)} most similar of {len(part)} images of {request.among.name}",
        layer=layer,
        values={"nearest": neighbors},
        notes=("Similarity is the cosine of the angle between the features; 1 is the same.", *subject.notes),
        panels=(Panel(title="the image", kind="picture", values=subject.picture), *pictures),
    )


def _cosines(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Cosine of the angle between one row of features (F,) and each of others (N, F)."""
    lengths = np.linalg.norm(others, axis=1) * np.linalg.norm(one)
    return others @ one / np.maximum(lengths, 1e-12)
