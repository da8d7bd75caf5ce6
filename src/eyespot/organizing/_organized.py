"""What was found in a collection, from bringing its index up to date to groups, events and flags."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..errors import SourceError
from ..findings import counted, printable
from ..pretrained import IMAGENET_CLASSES
from ..sources.open import PACKED
from ._copies import Group, Pair, find_groups, find_pairs
from ._embedding import Embedder
from ._events import Event, find_events
from ._index import Index, Photos, default_index
from ._quality import QUALITY, flags_of, limits_of
from ._search import Match, Query, search
from ._sorting import Sorted, cluster, sort_by_examples
from ._update import Show, Update, update


@dataclass(frozen=True, kw_only=True)
class Organized:
    """A collection as `organize` sees it.

    `photos` are the readable ones; pairs, groups and events refer to them by number; `flags` has a list of flags for
    each, and `limits` what they were compared with; `content` holds the groups by what photos show; `errors` gives the
    reason for each file that could not be read. Pairs and groups of copies are found when they are first asked for.
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

    @property
    def network(self) -> str:
        """The name of the network whose embeddings the index holds; empty without one."""
        return self.embedder.name

    @cached_property
    def pairs(self) -> list[Pair]:
        """Every pair of copies; see `find_pairs`."""
        return find_pairs(self.photos)

    @cached_property
    def groups(self) -> list[Group]:
        """Copies by kind, with the photo to keep; see `find_groups`."""
        return find_groups(self.photos, self.pairs)

    def search(self, query: Query, count: int) -> list[Match]:
        """The photos that meet all conditions, the best first; see `search`."""
        return search(self.photos, query, self.embedder, count)


def organize(
    folder: str | Path,
    index: str | Path | None = None,
    show: Show | None = None,
    examples: str | Path | None = None,
    similar: bool = False,
) -> Organized:
    """Bring the index of a folder of photos up to date and find copies, events and quality flags.

    The index lies in eyespot's cache folder unless a file is given; nothing is written into the folder. `show` is
    called with the number of photos done and that of all to read. With `examples`, a folder that holds one folder of
    photos per group, photos are sorted into these groups; with `similar`, groups of similar photos are found. Raises
    `SourceError` where the folder or the index cannot be used, or holds no readable photo.
    """
    folder, embedder = Path(folder), Embedder()
    file, updated, photos, errors = indexed(folder, index, embedder, show)
    content = None
    if examples is not None:
        content = sort_by_examples(photos, indexed(Path(examples), None, embedder, show)[2])
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
    )


def indexed(
    folder: Path, index: str | Path | None, embedder: Embedder, show: Show | None = None
) -> tuple[Path, Update, Photos, dict[str, str]]:
    """Bring an index up to date: its file, what was new, the readable photos, and the reason for each other file."""
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
    """What to do about a folder that holds archives in place of photos."""
    found = sorted(file.name for file in folder.iterdir() if file.name.lower().endswith(PACKED))
    return (
        f" It holds {printable(', '.join(found[:3]))}: unpack it, and give the folder of the photos." if found else ""
    )


def search_folder(
    folder: str | Path, query: Query, index: str | Path | None = None, count: int = 20, show: Show | None = None
) -> tuple[Photos, list[Match]]:
    """Bring the index of a folder up to date and search it; see `search`."""
    embedder = Embedder()
    photos = indexed(Path(folder), index, embedder, show)[2]
    return photos, search(photos, query, embedder, count)
