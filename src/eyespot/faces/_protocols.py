"""Published benchmarks of faces across ages, read from folders in the form in which they are distributed.

None of them may be passed on, so none is here: whoever has a copy names its folder.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import FaceError, look_up
from ..files import require_folder
from ._lfw import PUBLISHED, measure_lfw
from ._rates import PAIRS_OF_A_FOLD, Embedded, Photo, embed_photos, leave_one_out, oldest_among_youngest, ten_folds

LFW = "lfw"
SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How the names of files say who is on them, what is measured, and what was published for it.

    `photo` makes a photo of a match of `pattern` with the name of a file without its suffix.
    """

    pattern: str
    example: str
    photo: Callable[[re.Match[str], Path], Photo]
    measure: Callable[[Embedded], dict[str, Any]]
    published: str


def _fgnet(name: re.Match[str], file: Path) -> Photo:
    return Photo(picture=file, name=file.name, person=name[1], age=float(name[2]))


def _morph(name: re.Match[str], file: Path) -> Photo:
    group = {"M": "male", "F": "female"}[name[2].upper()]
    return Photo(picture=file, name=file.name, person=name[1], group=group, age=float(name[3]))


def _cacd(name: re.Match[str], file: Path) -> Photo:
    same = int(name[1]) % PAIRS_OF_A_FOLD < PAIRS_OF_A_FOLD // 2
    return Photo(picture=file, name=file.name, person=name[1] if same else f"{name[1]}/{name[2]}")


PROTOCOLS: dict[str, Protocol] = {
    "fgnet": Protocol(
        pattern=r"(\d{3})A(\d{2})[a-z]?",
        example="078A11.JPG",
        photo=_fgnet,
        measure=leave_one_out,
        published="rank-1 93.20 %, leave one out (Zhao et al. 2019)",
    ),
    "morph": Protocol(
        pattern=r"(\d+)_\d+([MF])(\d{2})",
        example="009055_1M54.JPG",
        photo=_morph,
        measure=oldest_among_youngest,
        published="rank-1 99.65 % on 10,000 persons that training never saw (Zhao et al. 2019)",
    ),
    "cacd-vs": Protocol(
        pattern=r"(\d{4})_([01])",
        example="0399_1.jpg",
        photo=_cacd,
        measure=ten_folds,
        published="accuracy 99.76 % (Zhao et al. 2019)",
    ),
}


def read_protocol(folder: Path, protocol: str) -> list[Photo]:
    """The photos of a benchmark's folder and the folders in it; other files are left out.

    Raises `FaceError` for an unknown protocol, and where no file is named as its files are.
    """
    known = look_up("protocol", protocol, PROTOCOLS, FaceError)
    _require(folder, protocol)
    found = list(_named(sorted(folder.rglob("*")), known))
    if not found:
        raise FaceError(
            f"{folder}: holds no image named as those of {protocol} are, such as '{known.example}'; give their folder."
        )
    return found


def _require(folder: Path, protocol: str) -> None:
    require_folder(folder)
    if not folder.is_dir():
        raise FaceError(f"{folder}: is no folder; give the one with the images of {protocol}.")


def _named(files: Iterable[Path], protocol: Protocol) -> Iterable[Photo]:
    for file in files:
        name = re.fullmatch(protocol.pattern, file.stem, re.IGNORECASE)
        if name and file.suffix.lower() in SUFFIXES:
            yield protocol.photo(name, file)


def measure_protocol(folder: Path, protocol: str) -> dict[str, Any]:
    """What the protocol measures with SFace on a benchmark's folder, and what was published for it.

    Photos without a face count as wrong, except in "morph", where they are left out; they are in `left_out`. "lfw" is
    the protocol of Labeled Faces in the Wild, whose folder holds `pairs.txt`.
    """
    look_up("protocol", protocol, {LFW: None, **PROTOCOLS}, FaceError)
    if protocol == LFW:
        _require(folder, protocol)
        return {"protocol": protocol, **measure_lfw(folder), "published": PUBLISHED}
    found = embed_photos(read_protocol(folder, protocol))
    known = PROTOCOLS[protocol]
    return {
        "protocol": protocol,
        "faces": len(found.photos),
        "left_out": found.left_out,
        **known.measure(found),
        "published": known.published,
    }
