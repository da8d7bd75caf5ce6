"""The record of earlier splits: the side of each image of a source, so that new images do not move others.

Stored in the cache folder, under the location of the source. Without it, all images count as equally old.
"""

import hashlib
from heapq import heapify, heappop, heappush
from pathlib import Path

import numpy as np

from ..files import cache_folder
from ._split import UNDECIDED, Links, Shares
from .cache_folder import load_numbers, save_numbers


def split_record_file(root: Path, shares: Shares) -> Path:
    """The file with the record of the split of the source at `root` with these shares."""
    place = [str(root.resolve()), "three parts" if shares.test else "training and validation"]
    name = hashlib.blake2b("\n".join(place).encode(errors="surrogateescape"), digest_size=16).hexdigest()
    return cache_folder() / "splits" / f"{name}.npz"


def read_split_record(file: Path | None, keys: np.ndarray) -> np.ndarray:
    """The side (N,) of each image when the source was opened before; `UNDECIDED` for new ones."""
    sides = np.full(len(keys), UNDECIDED)
    record = load_numbers(file) if file else {}
    if record.keys() == {"keys", "sides"} and len(record["keys"]):
        place = np.searchsorted(record["keys"], keys).clip(max=len(record["keys"]) - 1)
        hits = record["keys"][place] == keys
        sides[hits] = record["sides"][place[hits]]
    return sides


def write_split_record(file: Path | None, keys: np.ndarray, sides: np.ndarray) -> None:
    """Record the sides of images; those of removed images are kept, because they may come back."""
    if file is None:
        return
    before = load_numbers(file)
    if before.keys() == {"keys", "sides"}:
        keys, sides = np.concatenate([keys, before["keys"]]), np.concatenate([sides, before["sides"]])
    keys, first = np.unique(keys, return_index=True)
    if before.keys() != {"keys", "sides"} or not np.array_equal(keys, before["keys"]):
        save_numbers(file, {"keys": keys, "sides": sides[first].astype(np.int8)})


def reconcile(links: Links, keys: np.ndarray, earlier: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reconcile earlier decisions (N,) with the current links; return them and a mask (N,) of images to leave out.

    A new image linked with two sides is left out, because it would join them. Old images that are linked now (their
    group was named since) all move to the side of the one with the smallest key.
    """
    sides = np.concatenate([earlier, np.full(len(links.keys) - links.images, UNDECIDED)])
    if (earlier == UNDECIDED).all():
        return earlier, np.zeros(links.images, bool)
    calibrated = sides != UNDECIDED
    calibrated[links.images :] = True
    _agree(sides, keys, links.among(calibrated))
    out = _grow(sides, keys, links, _torn(sides, links))
    return sides[: links.images], out


def _agree(sides: np.ndarray, keys: np.ndarray, links: Links) -> None:
    """Give each cluster of decided images, and its groups, the side of its decided image with the smallest key."""
    clusters = links.clusters()
    decided = np.flatnonzero(sides != UNDECIDED)
    decided = decided[np.argsort(keys[decided], kind="stable")]
    found, first = np.unique(clusters[decided], return_index=True)
    of_cluster = np.full(clusters.max() + 1, UNDECIDED)
    of_cluster[found] = sides[decided[first]]
    sides[:] = of_cluster[clusters]


def _torn(sides: np.ndarray, links: Links) -> np.ndarray:
    """The undecided nodes of clusters with more than one side."""
    clusters = links.clusters()
    low, high = np.full((2, clusters.max() + 1), UNDECIDED)
    low[:] = sides.max() + 1
    decided = sides != UNDECIDED
    np.minimum.at(low, clusters[decided], sides[decided])
    np.maximum.at(high, clusters[decided], sides[decided])
    return np.flatnonzero((low < high)[clusters] & ~decided)


def _grow(sides: np.ndarray, keys: np.ndarray, links: Links, torn: np.ndarray) -> np.ndarray:
    """Propagate sides from decided nodes to undecided ones in such clusters; leave out nodes between two sides."""
    out = np.zeros(links.images, bool)
    linked = _neighbors(links, torn)
    # A group follows its first image immediately (order -1), so that it is never between two sides itself.
    order = {node: int(keys[node]) if node < links.images else -1 for node in linked}
    queue = [(order[node], node) for node in linked if (sides[linked[node]] != UNDECIDED).any()]
    heapify(queue)
    while queue:
        node = heappop(queue)[1]
        near = set(sides[linked[node]].tolist()) - {UNDECIDED}
        if sides[node] != UNDECIDED or (node < links.images and out[node]):
            continue
        if len(near) > 1:
            out[node] = True
            continue
        sides[node] = near.pop()
        for other in linked[node]:
            if other in linked and sides[other] == UNDECIDED:
                heappush(queue, (order[other], other))
    return out


def _neighbors(links: Links, nodes: np.ndarray) -> dict[int, list[int]]:
    linked: dict[int, list[int]] = {node: [] for node in nodes.tolist()}
    for one, two in links.pairs.tolist():
        if one in linked:
            linked[one].append(two)
        if two in linked:
            linked[two].append(one)
    return linked
