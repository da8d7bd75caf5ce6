"""Search by description: the similarity of each photo to a text, by a user's own pair of encoders."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ImageError
from ._clip import Clip
from ._index import Index, Photos

BATCH = 16


@dataclass(frozen=True, kw_only=True)
class Descriptions:
    """A pair of encoders, and what it makes of each photo, by its content."""

    clip: Clip
    embeddings: dict[bytes, np.ndarray]

    def scores(self, photos: Photos, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """How similar each photo is to each text, (N,) from 0 to 1."""
        return {text: similarities(photos, text, self.clip, self.embeddings) for text in texts}


def similarities(photos: Photos, text: str, clip: Clip, embeddings: dict[bytes, np.ndarray]) -> np.ndarray:
    """The cosine (N,) of each photo and a text, 0 where it is negative or the photo is not embedded."""
    vector = clip.embed_text(text)
    missing = np.zeros_like(vector)
    vectors = np.stack([embeddings.get(row["content"], missing) for row in photos.rows])
    return np.clip(vectors.astype(np.float32) @ vector, 0, 1)


def embed_photos(
    photos: Photos, folder: Path, clip: Clip, index: Index, show: Callable[[int, int], None] | None = None
) -> dict[bytes, np.ndarray]:
    """The embedding of each photo by its content; only those that the index does not have are computed and saved.

    If interrupted, the next call resumes. A photo that has become unreadable has none.
    """
    known = index.encoded(clip.key)
    todo = {row["content"]: row["path"] for row in photos.rows if row["content"] not in known}
    done = 0
    for batch in _batches(todo):
        new = _embedded(batch, folder, clip)
        index.save_encoded(clip.key, new)
        known |= new
        done += len(batch)
        if show:
            show(done, len(todo))
    return known


def _batches(todo: dict[bytes, str]) -> Iterator[list[tuple[bytes, str]]]:
    items = list(todo.items())
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _embedded(batch: list[tuple[bytes, str]], folder: Path, clip: Clip) -> dict[bytes, np.ndarray]:
    def read(item: tuple[bytes, str]) -> np.ndarray | None:
        try:
            return clip.read(folder / item[1], item[1])
        except ImageError:
            return None

    with ThreadPoolExecutor() as pool:
        images = dict(zip([content for content, _ in batch], pool.map(read, batch), strict=True))
    read_ones = {content: pixels for content, pixels in images.items() if pixels is not None}
    if not read_ones:
        return {}
    vectors = clip.embed_images(np.stack(list(read_ones.values()))).astype(np.float16)
    return dict(zip(read_ones, vectors, strict=True))
