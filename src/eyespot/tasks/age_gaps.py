"""Verification accuracy by age difference, and how much age information an embedding contains.

Shapes: N images, D numbers of an embedding, P pairs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._whitening import fit_line
from .verification import Pairs, all_pairs, error_interval, rates_of, resampled

GAPS = (0, 10, 20, 30, 40)
"""Lower bounds of the age gaps in years; the last one is open-ended."""
MOST_DIFFERENT = 20_000
"""Number of pairs of different identities for each row; if there are more, evenly spaced ones are used."""
FOLDS = 5
NEIGHBORS = 10


def by_age_gap(embeddings: np.ndarray, identities: np.ndarray, ages: np.ndarray) -> list[dict[str, Any]]:
    """A row for each age gap with pairs of one identity: their number, equal error rate and its 95 % interval.

    Pairs of one identity have that gap; pairs of different identities have any, since a comparison does not know it.
    Images whose age (N,) is NaN are ignored.
    """
    kept = ~np.isnan(ages)
    pairs = all_pairs(embeddings[kept], identities[kept])
    first, second = np.triu_indices(int(kept.sum()), 1)
    gap = np.abs(ages[kept][first] - ages[kept][second])
    different = np.flatnonzero(~pairs.same)
    different = different[np.linspace(0, len(different) - 1, min(len(different), MOST_DIFFERENT)).astype(int)]
    rows = []
    for low, high in zip(GAPS, (*GAPS[1:], np.inf), strict=True):
        same = np.flatnonzero(pairs.same & (gap >= low) & (gap < high))
        if len(same) and len(different):
            rows.append({"from": low, "to": None if high == np.inf else high} | _row(pairs, same, different))
    return rows


def _row(pairs: Pairs, same: np.ndarray, different: np.ndarray) -> dict[str, Any]:
    chosen = np.concatenate([same, different])
    part = Pairs(similarity=pairs.similarity[chosen], same=pairs.same[chosen], identities=pairs.identities[chosen])
    score = rates_of(part.similarity, part.same).equal_error_rate()
    between = error_interval(score, list(resampled(part)), part)
    return {"same_pairs": len(same), "equal_error_rate": score, "interval": between}


def age_error(embeddings: np.ndarray, identities: np.ndarray, ages: np.ndarray) -> float:
    """Mean absolute error in years of a linear fit from embeddings (N, D) to ages (N,), on held-out identities.

    A larger error means less age information in the embedding; NaN if there are too few ages.
    """
    kept = ~np.isnan(ages)
    x, years, names = embeddings[kept].astype(float), ages[kept], np.unique(identities[kept], return_inverse=True)[1]
    count = min(FOLDS, int(names.max()) + 1) if len(names) else 0
    if count < 2:
        return float("nan")
    errors = []
    for fold in range(count):
        held = names % count == fold
        weight, bias = (part.numpy() for part in fit_line(x[~held], years[~held]))
        errors.append(np.abs(x[held] @ weight + bias - years[held]))
    return float(np.concatenate(errors).mean())


def age_error_of_neighbors(embeddings: np.ndarray, identities: np.ndarray, ages: np.ndarray) -> float:
    """Mean absolute error in years of the mean age of the ten most similar images of other identities.

    A small error means that similarity depends on age. NaN if there are too few images (embeddings (N, D)).
    """
    kept = ~np.isnan(ages)
    x, years, names = embeddings[kept], ages[kept], identities[kept]
    others = names[:, None] != names[None]
    if not len(x) or others.sum(1).min() < NEIGHBORS:
        return float("nan")
    nearest = np.argsort(np.where(others, -(x @ x.T), np.inf), axis=1, kind="stable")[:, :NEIGHBORS]
    return float(np.abs(years[nearest].mean(1) - years).mean())


def age_statistics(table: Sequence[dict[str, Any]], embeddings: np.ndarray, identities: np.ndarray) -> dict[str, Any]:
    """Age statistics by name, for rows with keys "age" and "predicted_age"; empty if no age is known."""
    ages = np.array([row.get("age") for row in table], dtype=float)
    if np.isnan(ages).all():
        return {}
    statistics: dict[str, Any] = {"by_age_gap": by_age_gap(embeddings, identities, ages)}
    statistics["age_error_from_embedding"] = age_error(embeddings, identities, ages)
    statistics["age_error_of_neighbors"] = age_error_of_neighbors(embeddings, identities, ages)
    predicted = np.array([row.get("predicted_age") for row in table], dtype=float)
    if not np.isnan(predicted).all():
        statistics["age_mean_absolute_error"] = float(np.nanmean(np.abs(predicted - ages)))
    return statistics


def gap_text(row: Mapping[str, Any]) -> str:
    """Format a row of `by_age_gap` as a line of text."""
    years = f"{row['from']} to {row['to']}" if row["to"] is not None else f"{row['from']} or more"
    low, high = row["interval"]
    return (
        f"{years} years apart: equal error rate {row['equal_error_rate']:.2%} ({low:.2%} to {high:.2%}), "
        f"{row['same_pairs']} pairs of one identity"
    )
