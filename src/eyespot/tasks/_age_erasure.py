"""Take the age out of embeddings once they are learned, as far as a linear map can.

Least-squares concept erasure (Belrose et al. 2023, "LEACE"): the smallest change of embeddings after which no line
finds the age, its square or its cube in them. Shapes: N images, D numbers of an embedding, K = 3 powers of the age.
"""

import numpy as np
import torch
from torch import Tensor

from ..errors import TaskError

POWERS = 3
FEWEST = 20
"""Images with a known age: fewer would be fitted by chance."""
FEWEST_NUMBERS = 12
"""Of an embedding: from a shorter one too much would be taken."""
RIDGE = 1e-2
"""Of the mean variance of the embeddings."""

Numbers = tuple[float, ...]


def fit_erasure(unit: np.ndarray, ages: np.ndarray) -> tuple[Numbers, Numbers]:
    """What `erase` takes, from embeddings (N, D) of unit length and ages (N,), NaN where unknown.

    `finders` (K, D + 1) find the age in an embedding, each with its mean behind it; `directions` (K, D) are those in
    which it is then moved, row after row. Both are empty where too few ages are known, or
    embeddings are short.
    """
    known = ~np.isnan(ages)
    x, years = unit[known].astype(np.float64), ages[known]
    if len(x) < FEWEST or len(np.unique(years)) < 2 * POWERS or x.shape[1] < FEWEST_NUMBERS:
        return (), ()
    mean = x.mean(0)
    around = x - mean
    standardized = (years - years.mean()) / years.std()
    powers = np.stack([standardized**power for power in range(1, POWERS + 1)], 1)
    together = around.T @ (powers - powers.mean(0)) / len(x)
    covariance = around.T @ around / len(x)
    covariance += RIDGE * max(1e-12, np.trace(covariance) / len(mean)) * np.eye(len(mean))
    finders = np.linalg.solve(covariance, together)
    directions = np.linalg.pinv(together.T @ finders) @ together.T
    return tuple(np.vstack([finders, mean @ finders]).T.ravel().tolist()), tuple(directions.ravel().tolist())


def check_erasure(finders: Numbers, directions: Numbers, dimensions: int) -> None:
    """Raise `TaskError` where the numbers are not those of whole rows for embeddings of D `dimensions`."""
    if len(finders) % (dimensions + 1) or len(finders) * dimensions != len(directions) * (dimensions + 1):
        raise TaskError(
            f"age_finders has {len(finders)} numbers and age_directions {len(directions)}; expected {dimensions + 1} "
            f"and {dimensions} for each row."
        )


def erase(unit: Tensor, finders: Numbers, directions: Numbers) -> Tensor:
    """Embeddings (..., D) of unit length without what `finders` find in them; the same where these are empty.

    >>> erase(torch.tensor([0.6, 0.8]), (1.0, 0.0, 0.0), (1.0, 0.0))
    tensor([0.0000, 0.8000])
    """
    if not finders:
        return unit
    size = unit.shape[-1]
    rows = torch.tensor(finders, dtype=unit.dtype, device=unit.device).reshape(-1, size + 1)
    moves = torch.tensor(directions, dtype=unit.dtype, device=unit.device).reshape(-1, size)
    return unit - (unit @ rows[:, :-1].T - rows[:, -1]) @ moves
