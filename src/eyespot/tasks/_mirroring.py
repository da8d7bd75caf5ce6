"""Does a mirror change the answer? A ridge regression on simple features, tested on mirror images.

N images, D features, K answers (one-hot classes, tags of 0 and 1, or one number).
"""

import numpy as np

from ..errors import TaskError

CHOICES = ("auto", "yes", "no")
FOLDS = 5
PENALTY = 10.0
SURE = 3.0
"""Minimum difference, in standard errors, to count."""
FEWEST = 8
"""Minimum number of images of a class or tag for a conclusion."""
EXPLAINED = 0.1
"""Minimum fraction of the variance of the numbers that the features must explain for a conclusion."""


def check_mirror(mirror: str) -> None:
    """Raise `TaskError` unless `mirror` is a valid choice for a task whose answers a mirror may change."""
    if mirror not in CHOICES:
        raise TaskError(f"mirror is '{mirror}'; expected one of {', '.join(CHOICES)}.")


def requested_mirror(own: str, requested: str) -> str:
    """Return the user's choice; raise `TaskError` if it contradicts the task's `own` choice."""
    if own not in ("auto", requested):
        raise TaskError(f"mirror is {own} for the task, but {requested} for the training; give only one of them.")
    return requested


def predictions(features: np.ndarray, mirrored: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Predicted answers (N, K) for images and their mirror images, by regressions fitted without either of the two."""
    center, scale = features.mean(axis=0), features.std(axis=0) + 1e-3
    x, turned = (features - center) / scale, (mirrored - center) / scale
    found, found_mirrored = np.zeros(targets.shape), np.zeros(targets.shape)
    fold = np.arange(len(x)) % FOLDS
    for held in range(FOLDS):
        inside, outside = fold == held, fold != held
        if not inside.any() or not outside.any():
            continue
        mean = targets[outside].mean(axis=0)
        gram = x[outside].T @ x[outside] + PENALTY * np.sqrt(len(x)) * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, x[outside].T @ (targets[outside] - mean))
        found[inside], found_mirrored[inside] = x[inside] @ weights + mean, turned[inside] @ weights + mean
    return found, found_mirrored


def changed_classes(features: np.ndarray, mirrored: np.ndarray, labels: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of classes (a, b): a is recognized, but mirror images of a are predicted as b more often than as a.

    `labels` (N,) are class indices.
    """
    kinds = int(labels.max()) + 1
    predicted, turned = (each.argmax(axis=1) for each in predictions(features, mirrored, np.eye(kinds)[labels]))
    pairs = []
    for label in range(kinds):
        members = labels == label
        count = int(members.sum())
        if count < FEWEST:
            continue
        right, still = float((predicted[members] == label).mean()), float((turned[members] == label).mean())
        others = np.bincount(turned[members], minlength=kinds) / count
        others[label] = 0
        error = np.sqrt((right * (1 - right) + still * (1 - still) + 1 / count) / count)
        if right - still > SURE * error and others.max() > still and right > 1.5 / kinds:
            pairs.append((label, int(others.argmax())))
    return pairs


def changed_tags(features: np.ndarray, mirrored: np.ndarray, tags: np.ndarray) -> list[int]:
    """Recognized tags (of (N, K): 1, 0 or NaN) whose mirror images look like images without them."""
    predicted, turned = predictions(features, mirrored, np.nan_to_num(tags))
    changed = []
    for place in range(tags.shape[1]):
        there, missing = tags[:, place] == 1, tags[:, place] == 0
        if min(there.sum(), missing.sum()) < FEWEST:
            continue
        error = np.sqrt((there.sum() + missing.sum() + 1) / (12 * there.sum() * missing.sum()))
        before, after = (_ranked(each[:, place], there, missing) - 0.5 for each in (predicted, turned))
        if before > SURE * error and after < -SURE * error:
            changed.append(place)
    return changed


def _ranked(scores: np.ndarray, there: np.ndarray, missing: np.ndarray) -> float:
    """How often an image with the tag has a higher score than one without it (area under the ROC curve)."""
    low = np.sort(scores[missing])
    return float(np.searchsorted(low, scores[there]).mean() / len(low))


def number_under_mirror(features: np.ndarray, mirrored: np.ndarray, numbers: np.ndarray) -> str:
    """Effect of a mirror on numbers (N,): "sign", "same", or "refuse" if the images do not show it."""
    predicted, turned = (each[:, 0] for each in predictions(features, mirrored, numbers[:, None]))
    variance = float(numbers.var())
    if len(numbers) < FEWEST or np.square(predicted - numbers).mean() > (1 - EXPLAINED) * variance:
        return "refuse"
    kept, negated = np.square(turned - numbers), np.square(turned + numbers)
    difference = kept - negated
    sure = abs(difference.mean()) > SURE * difference.std() / np.sqrt(len(numbers))
    best = "sign" if difference.mean() > 0 else "same"
    explains = min(kept.mean(), negated.mean()) < (1 - EXPLAINED) * variance
    return best if sure and explains else "refuse"
