"""Analysis of a collection: index update, groups of copies, events and quality flags."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from ..errors import SourceError
from ..faces import require_weights
from ..findings import counted, printable
from ..pretrained import IMAGENET_CLASSES
from ..sources.open import PACKED
from ._clip import Clip
from ._copies import Group, Pair, find_groups, find_pairs
from ._description import Descriptions, embed_photos
from ._embedding import Embedder
from ._events import Event, find_events
from ._index import Index, Photos, default_index
from ._people import embed_people, group_people
from ._quality import QUALITY, flags_of, limits_of
from ._search import Match, Query, search
from ._sorting import Sorted, cluster, sort_by_examples
from ._update import Show, Update, update


@dataclass(frozen=True, kw_only=True)
class Organized:
    """The analyzed collection that `organize` returns.

    `photos` are the readable ones; pairs, groups and events refer to them by number; `flags` are the flags of each
    photo, and `limits` their limits; `content` contains the groups by content; `errors` maps each unreadable file to
    the reason; with `descriptions`, the words of a search are descriptions. Pairs and groups of copies are computed on
    first access.
    """

    folder: Path
    index: Path
    update: Update
    embedder: Embedder
    photos: Photos
    errors: dict[str, str]
    events: list[Event]
    flags: list[list[str]]
    limits: dict[str, float]
    content: Sorted | None = None
    descriptions: Descriptions | None = None

    @property
    def network(self) -> str:
        """Name of the network whose embeddings the index contains; empty without one."""
        return self.embedder.name

    @cached_property
    def pairs(self) -> list[Pair]:
        """All pairs of copies; see `find_pairs`."""
        return find_pairs(self.photos)

    @cached_property
    def groups(self) -> list[Group]:
        """Copies by kind, with the photo to keep; see `find_groups`."""
        return find_groups(self.photos, self.pairs)

    def search(self, query: Query, count: int) -> list[Match]:
        """Photos that meet all conditions, the best first; see `search`."""
        return _search(self.photos, query, self.embedder, count, self.descriptions)


def organize(
    folder: str | Path,
    index: str | Path | None = None,
    show: Show | None = None,
    examples: str | Path | None = None,
    similar: bool = False,
    people: bool = False,
    clip: str | Path | None = None,
) -> Organized:
    """Update the index of a folder of photos, and find copies, events and quality flags.

    The index is stored in eyespot's cache folder unless a file is given; nothing is written to the folder. `show` is
    called with the number of processed photos and the total. With `examples`, a folder with one folder of photos per
    group, photos are sorted into these groups; with `similar`, groups of similar photos are found; with `people`,
    groups of photos that show the same person; with `clip`, a folder with a user's own encoders of images and texts
    (see `Clip`), the words of a search are descriptions. Raises `SourceError` if the folder or the index cannot be
    used, or contains no readable photo, and `NetworkError` if `people` needs weights that are missing.
    """
    if people:
        require_weights()  # fail before the photos are indexed, which may take hours
    folder, embedder, pair = Path(folder), Embedder(), None if clip is None else Clip(clip)
    file, updated, photos, errors = indexed(folder, index, embedder, show)
    content = None
    if examples is not None:
        content = sort_by_examples(photos, indexed(Path(examples), None, embedder, show)[2])
    elif people:
        with Index(file, folder, embedder.name) as opened:
            content = group_people(photos, embed_people(photos, folder, opened, show))
    elif similar:
        names = IMAGENET_CLASSES.read_text().splitlines()
        content = cluster(photos, embedder.probabilities(photos.embeddings) if embedder.name else np.empty(0), names)
    limits = limits_of({name: photos.numbers(name) for name in QUALITY})
    return Organized(
        folder=folder,
        index=file,
        update=updated,
        embedder=embedder,
        photos=photos,
        errors=errors,
        events=find_events(photos),
        flags=[flags_of(row, row["camera"], limits) for row in photos.rows],
        limits=limits,
        content=content,
        descriptions=_descriptions(pair, photos, folder, file, embedder, show),
    )


def indexed(
    folder: Path, index: str | Path | None, embedder: Embedder, show: Show | None = None
) -> tuple[Path, Update, Photos, dict[str, str]]:
    """Update an index; return its file, the changes, the readable photos, and the reasons for unreadable files."""
    if not folder.is_dir():
        raise SourceError(f"{folder}: is not a folder; give the folder of a photo collection.")
    file = default_index(folder) if index is None else Path(index)
    with Index(file, folder, embedder.name) as opened:
        updated = update(opened, folder, embedder, show)
        photos, errors = opened.photos(), opened.errors()
    if not len(photos):
        unread = f"; {counted(len(errors), 'image')} that cannot be read" if errors else ""
        raise SourceError(f"{folder}: holds no readable photo{unread}.{_archives(folder)}")
    return file, updated, photos, errors


def _archives(folder: Path) -> str:
    """Advice for a folder that contains archives instead of photos."""
    packed = sorted(file.name for file in folder.iterdir() if file.name.lower().endswith(PACKED))
    return (
        f" It holds {printable(', '.join(packed[:3]))}: unpack it, and give the folder of the photos." if packed else ""
    )


def search_folder(
    folder: str | Path,
    query: Query,
    index: str | Path | None = None,
    count: int = 20,
    show: Show | None = None,
    clip: str | Path | None = None,
) -> tuple[Photos, list[Match]]:
    """Update the index of a folder and search it; see `search`.

    `clip` is a folder with a user's own encoders of images and texts, see `Clip`: each of the words is then a
    description in the language of the text encoder.
    """
    if clip is not None and not query.words:
        raise SourceError("The encoders of images and texts need a description to search for; give words.")
    folder, embedder, pair = Path(folder), Embedder(), None if clip is None else Clip(clip)
    file, _, photos, _ = indexed(folder, index, embedder, show)
    descriptions = _descriptions(pair, photos, folder, file, embedder, show)
    return photos, _search(photos, query, embedder, count, descriptions)


def _descriptions(
    pair: Clip | None, photos: Photos, folder: Path, file: Path, embedder: Embedder, show: Show | None
) -> Descriptions | None:
    """The photos as a pair of encoders sees them; those that the index does not have are embedded."""
    if pair is None:
        return None
    with Index(file, folder, embedder.name) as opened:
        return Descriptions(clip=pair, embeddings=embed_photos(photos, folder, pair, opened, show))


def _search(
    photos: Photos, query: Query, embedder: Embedder, count: int, descriptions: Descriptions | None
) -> list[Match]:
    if descriptions is None:
        return search(photos, query, embedder, count)
    described = descriptions.scores(photos, query.words)
    return search(photos, replace(query, words=()), embedder, count, described)
