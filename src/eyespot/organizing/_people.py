"""Groups of photos by the people on them: their faces are found, embedded and clustered. Needs the extra `faces`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..errors import ImageError, SourceError
from ..faces import cluster_faces, embed_faces, find_faces
from ._index import Index, Photos
from ._sorting import Sorted

KEY = b"faces YuNet SFace"
"""The name of the embeddings of faces in the index."""
NUMBERS = 128
FEWEST_PHOTOS = 2
"""People on fewer photos form no group."""
MOST_FACES = 20_000
"""Maximum number of faces: clustering compares all pairs and would take hours."""


def embed_people(
    photos: Photos, folder: Path, index: Index, show: Callable[[int, int], None] | None = None
) -> dict[bytes, np.ndarray]:
    """Embeddings (F, 128) of the faces of each photo by its content, the largest face first.

    Photos whose faces the index has are not read again; if interrupted, the next call resumes. Faces that are too
    small, blurred or turned away to be compared are left out. Raises `NetworkError` if the extra is missing.
    """
    known = index.encoded(KEY)
    todo = {row["content"]: row["path"] for row in photos.rows if row["content"] not in known}
    for done, (content, path) in enumerate(todo.items(), start=1):
        try:
            found = find_faces(folder / path, path)
        except ImageError:  # it was deleted since it was indexed
            continue
        vectors = embed_faces([face.crop for face in found if not face.quality.faults]).astype(np.float16)
        index.save_encoded(KEY, {content: vectors})
        known[content] = vectors
        if show:
            show(done, len(todo))
    return {content: vectors.reshape(-1, NUMBERS) for content, vectors in known.items()}


def group_people(photos: Photos, faces: dict[bytes, np.ndarray]) -> Sorted:
    """Groups of the people on two or more photos: "person 1" is on the most.

    A photo is in the group of each of them; its own group is that of the largest face that has one, and its
    probability the cosine of this face with the mean of the group. Raises `SourceError` for too many faces.
    """
    none = np.empty((0, NUMBERS), np.float16)
    of_photo = [faces.get(row["content"], none).astype(np.float32) for row in photos.rows]
    owner = np.repeat(np.arange(len(photos)), [len(vectors) for vectors in of_photo])
    if len(owner) > MOST_FACES:
        raise SourceError(
            f"{len(owner):,} faces are too many to group (at most {MOST_FACES:,}); take a part of the photos."
        )
    vectors = np.concatenate([np.empty((0, NUMBERS), np.float32), *of_photo])
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    person_of = cluster_faces(vectors)
    pictured = [np.unique(owner[person_of == person]) for person in range(int(person_of.max(initial=-1)) + 1)]
    order = sorted(
        (person for person, on in enumerate(pictured) if len(on) >= FEWEST_PHOTOS),
        key=lambda each: -len(pictured[each]),
    )
    names = {person: f"person {place}" for place, person in enumerate(order, start=1)}
    groups, probabilities = [""] * len(photos), np.zeros(len(photos))
    for face in range(len(owner) - 1, -1, -1):  # the largest face of a photo is its first: it is assigned last
        if name := names.get(int(person_of[face])):
            mean = vectors[person_of == person_of[face]].mean(axis=0)
            groups[owner[face]] = name
            probabilities[owner[face]] = float(vectors[face] @ mean / np.linalg.norm(mean))
    return Sorted(
        groups=groups,
        probabilities=probabilities,
        by="people (faces)",
        members={name: pictured[person].tolist() for person, name in names.items()},
    )
