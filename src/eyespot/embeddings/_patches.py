"""Features of small images without a network: which typical patches are where.

After Coates, Lee and Ng 2011, "An Analysis of Single-Layer Networks in Unsupervised Feature Learning": patches are
whitened, 64 typical ones found by k-means, and each ninth of a picture tells how much of each it holds. No label is
looked at. Shapes: N pictures, C channels, P patches, D = C * 6 * 6 numbers of a patch.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

SIDE = 6
"""Pixels of a patch's side."""
TYPICAL = 64
GRID = 3
SAMPLED = 20_000
EVEN = 0.04
"""Deviation of pixel values (of 1) below which a patch is as good as empty; keeps noise from being blown up."""
WEAK = 0.1
"""Added to each variance before whitening, for the same reason."""
BATCH = 50


@dataclass(frozen=True, kw_only=True)
class Patches:
    """Typical patches (64, D), and how a patch is whitened before it is compared with them."""

    mean: Tensor
    whitening: Tensor
    typical: Tensor


@torch.no_grad()
def patch_numbers(pixels: np.ndarray) -> np.ndarray:
    """How much of each typical patch each ninth of each picture holds: uint8 (N, H, W, C) to float32 (N, 576).

    >>> patch_numbers(np.random.default_rng(0).integers(0, 255, (10, 32, 32, 3)).astype(np.uint8)).shape
    (10, 576)
    """
    pictures = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    if bool((pictures == pictures[:, :1]).all()):
        pictures = pictures[:, :1]
    patches = _learned(pictures)
    return torch.cat([_held(batch, patches) for batch in pictures.split(BATCH)]).numpy()


def _learned(pictures: Tensor) -> Patches:
    from sklearn.cluster import MiniBatchKMeans

    sampled = _even(_sampled(pictures))
    mean = sampled.mean(0)
    variance, turn = torch.linalg.eigh(torch.cov(sampled.T))
    whitening = turn @ torch.diag((variance + WEAK) ** -0.5) @ turn.T
    means = MiniBatchKMeans(TYPICAL, random_state=0, n_init="auto", batch_size=2000)
    means.fit(((sampled - mean) @ whitening).numpy())
    return Patches(mean=mean, whitening=whitening, typical=torch.from_numpy(means.cluster_centers_).float())


def _sampled(pictures: Tensor) -> Tensor:
    """Some patches (P, D) from anywhere."""
    random = np.random.default_rng(0)
    windows = pictures.unfold(2, SIDE, 1).unfold(3, SIDE, 1)  # (N, C, rows, columns, SIDE, SIDE), a view
    count, _, rows, columns = windows.shape[:4]
    image, row, column = (torch.from_numpy(random.integers(most, size=SAMPLED)) for most in (count, rows, columns))
    return windows[image, :, row, column].flatten(1).float() / 255


def _even(patches: Tensor) -> Tensor:
    """Patches (P, D) of mean 0 and deviation about 1: brightness and contrast do not count."""
    patches = patches - patches.mean(1, keepdim=True)
    return patches / (patches.std(1, keepdim=True) + EVEN)


def _held(pictures: Tensor, patches: Patches) -> Tensor:
    """A typical patch is there as much as it is nearer than typical ones are on average; root of the mean by ninth."""
    count, rows = len(pictures), pictures.shape[2] - SIDE + 1
    all_of_them = F.unfold(pictures.float() / 255, SIDE).transpose(1, 2).flatten(0, 1)
    distances = torch.cdist((_even(all_of_them) - patches.mean) @ patches.whitening, patches.typical)
    there = F.relu(distances.mean(1, keepdim=True) - distances)
    there = there.reshape(count, rows, -1, TYPICAL).permute(0, 3, 1, 2)
    return F.adaptive_avg_pool2d(there, GRID).flatten(1).sqrt()
