"""The split into training, validation and test images.

Sides are numbers: 0 training, 1 validation, 2 test (the order of `PARTS`), -1 undecided. Images that belong together
(one group, or near duplicates) are linked; linked images form a cluster, which stays on one side.
N images, G groups, P pairs, K classes.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

TRAIN, VALIDATION, TEST = 0, 1, 2
UNDECIDED = -1
LAST = np.iinfo(np.uint64).max

NEEDED = {TRAIN: 2, VALIDATION: 1, TEST: 1}
"""Minimum number of images per class and side, even if the hash assigned none."""


@dataclass(frozen=True, kw_only=True)
class Shares:
    """Fractions of test and validation images; the rest is for training."""

    test: float = 0.20
    validation: float = 0.15

    @property
    def sides(self) -> list[int]:
        """The sides with a fraction above 0, in order of priority."""
        return [TRAIN, TEST, VALIDATION] if self.test else [TRAIN, VALIDATION]


@dataclass(frozen=True, kw_only=True)
class Links:
    """The images that stay on one side: a graph of N images, followed by a node for each of G groups.

    `keys` (N + G,) determine the side of a cluster by its smallest key; an image in a group has no key of its own.
    """

    images: int
    keys: np.ndarray
    pairs: np.ndarray

    def clusters(self) -> np.ndarray:
        """Cluster number (N + G,) of each node."""
        ends = (self.pairs[:, 0], self.pairs[:, 1])
        graph = coo_array((np.ones(len(self.pairs), bool), ends), shape=(len(self.keys), len(self.keys)))
        return connected_components(graph, directed=False)[1]

    def only(self, images: np.ndarray) -> "Links":
        """The graph of some of the images, with all groups."""
        kept = np.concatenate([images, np.arange(self.images, len(self.keys))])
        number = np.full(len(self.keys), -1)
        number[kept] = np.arange(len(kept))
        pairs = number[self.pairs]
        return Links(images=len(images), keys=self.keys[kept], pairs=pairs[(pairs >= 0).all(axis=1)])

    def among(self, nodes: np.ndarray) -> "Links":
        """The same nodes, with links only between `nodes`, a mask (N + G,)."""
        return Links(images=self.images, keys=self.keys, pairs=self.pairs[nodes[self.pairs].all(axis=1)])


def link(keys: np.ndarray, pairs: np.ndarray, groups: Sequence[str]) -> Links:
    """Link images by pairs of near duplicates (P, 2) and by the names of their groups (N, "" for none)."""
    names, group = np.unique(np.array(groups, dtype=object), return_inverse=True)
    hashes = [hashlib.blake2b(str(name).encode(), digest_size=8).digest() for name in names.tolist()]
    grouped = np.flatnonzero(names[group] != "") if len(names) else np.empty(0, np.int64)
    own = keys.copy()
    own[grouped] = LAST
    return Links(
        images=len(keys),
        keys=np.concatenate([own, np.array([int.from_bytes(each, "big") for each in hashes], np.uint64)]),
        pairs=np.concatenate([pairs, np.stack([grouped, len(keys) + group[grouped]], axis=1)]).astype(np.int64),
    )


def spread(keys: np.ndarray, purpose: int = 0) -> np.ndarray:
    """Uniform numbers in [0, 1) from uint64 keys (the finalizer of SplitMix64; Steele et al. 2014).

    The smallest key of several near duplicates represents them; unchanged, it would be small too often. Two nested
    splits need different `purpose` values, else the second would depend on the first.
    """
    mixed = keys.astype(np.uint64) + np.uint64(purpose * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (mixed ^ (mixed >> np.uint64(31))).astype(np.float64) / 2.0**64


def divide(links: Links, labels: np.ndarray, shares: Shares, earlier: np.ndarray) -> np.ndarray:
    """The side (N,) of each image.

    Keys are compared with fixed limits, so that adding an image moves no other. `labels` (N,) are class numbers: if a
    side would have no image of a class with enough clusters, one of them is moved there. `earlier` (N,) are sides that
    were decided before, equal within a cluster; they are kept.
    """
    clusters = links.clusters()
    sides = np.full(clusters.max(initial=-1) + 1, UNDECIDED)
    np.maximum.at(sides, clusters[: links.images], earlier)
    new = sides == UNDECIDED
    smallest = np.full(len(sides), LAST, np.uint64)
    np.minimum.at(smallest, clusters, links.keys)
    sizes = np.bincount(clusters[: links.images], minlength=len(sides))
    sides[new] = _by_hash(smallest, sizes, shares)[new]
    _Balance(clusters[: links.images], labels, sides).fill(new, spread(smallest, purpose=2), shares)
    return sides[clusters[: links.images]]


def _by_hash(smallest: np.ndarray, sizes: np.ndarray, shares: Shares) -> np.ndarray:
    """The side of each cluster, by its smallest key. Clusters larger than the smallest part are used for training."""
    place = spread(smallest)
    sides = np.select([place < shares.test, place < shares.test + shares.validation], [TEST, VALIDATION], TRAIN)
    sides[(sizes > 1) & (sizes > shares.validation * sizes.sum())] = TRAIN
    return sides


class _Balance:
    """Number of images of each class on each side, while clusters are moved."""

    def __init__(self, clusters: np.ndarray, labels: np.ndarray, sides: np.ndarray) -> None:
        self.clusters = clusters
        self.labels = labels
        self.sides = sides
        self.held = np.zeros((labels.max(initial=-1) + 1, 3), np.int64)
        np.add.at(self.held, (labels, sides[clusters]), 1)

    def fill(self, new: np.ndarray, rank: np.ndarray, shares: Shares) -> None:
        """Move new clusters, those of low rank first, until each side has every class with enough clusters."""
        lacking, _ = np.nonzero(self.held[:, shares.sides] < [NEEDED[side] for side in shares.sides])
        members = np.flatnonzero(np.isin(self.labels, lacking))
        members = members[np.argsort(rank[self.clusters[members]], kind="stable")]
        contents = self._contents()
        for label in np.unique(self.labels[members]).tolist():
            ranked = dict.fromkeys(self.clusters[members[self.labels[members] == label]].tolist())
            movable = [cluster for cluster in ranked if new[cluster]]
            for side in shares.sides:
                while self.held[label, side] < NEEDED[side] and self._move_one(movable, label, side, contents):
                    pass

    def _move_one(self, movable: list[int], label: int, side: int, contents: dict[int, Counter[int]]) -> bool:
        """Move a cluster from the side with the largest surplus of a class; for training, others may become empty."""
        least = [0 if side == TRAIN else NEEDED[other] for other in (TRAIN, VALIDATION, TEST)]
        source = max({TRAIN, VALIDATION, TEST} - {side}, key=lambda other: self.held[label, other] - least[other])
        for cluster in movable:
            content = contents[cluster]
            spare = all(self.held[each, source] - count >= least[source] for each, count in content.items())
            if self.sides[cluster] == source and spare:
                self.sides[cluster] = side
                for each, count in content.items():
                    self.held[each, [source, side]] += [-count, count]
                return True
        return False

    def _contents(self) -> dict[int, Counter[int]]:
        """Number of images of each class in each cluster."""
        contents: dict[int, Counter[int]] = {}
        for cluster, label in zip(self.clusters.tolist(), self.labels.tolist(), strict=True):
            contents.setdefault(cluster, Counter())[label] += 1
        return contents
