"""Face albums in the command `faces`: add faces, correct groups, list them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ._output import print_json

if TYPE_CHECKING:
    from ..faces import Album


def change(
    path: Path, given: list[str] | None, join: str | None, separate: int | None, forget: int | None, as_json: bool
) -> None:
    """Add the faces of images or apply one correction, then list the groups."""
    from ..errors import FaceError
    from ..faces import Album

    if not given and not path.exists():
        raise FaceError(f"{path}: there is no album; add images first.", argument="album")
    album = Album(path)
    failed: list[str] = []
    if given:
        failed = _add(album, given)
    elif join is not None:
        album.join(*_two_groups(join))
    elif separate is not None:
        album.separate(separate)
    elif forget is not None:
        album.forget(forget)
    _print_groups(album, failed, as_json)
    if failed:
        raise typer.Exit(2)


def _add(album: "Album", given: list[str]) -> list[str]:
    """Add the faces of all images; return the images that could not be read, which are reported on standard error."""
    from ..errors import ImageError
    from ..faces import embed_faces, find_faces
    from ._answers import image_files

    names, crops, failed = [], [], []
    for image in image_files(given, sys.stdin):
        try:
            faces = find_faces(image, image)
        except ImageError as error:
            print(f"eyespot: {error}", file=sys.stderr, flush=True)
            failed.append(image)
            continue
        names += [image] * len(faces)
        crops += [face.crop for face in faces]
    if crops:
        album.add(names, crops, embed_faces(crops))
    return failed


def _two_groups(text: str) -> tuple[int, int]:
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        raise typer.BadParameter(f"join is '{text}'; expected the numbers of two groups, such as 3,5.")
    return int(parts[0]), int(parts[1])


def _print_groups(album: "Album", failed: list[str], as_json: bool) -> None:
    from dataclasses import asdict

    from ..findings import printable

    faces = album.faces()
    if as_json:
        print_json({"faces": [asdict(face) for face in faces], "failed": failed})
        return
    for group in sorted({face.group for face in faces}):
        inside = [f"{printable(face.image)} (face {face.face})" for face in faces if face.group == group]
        print(f"group {group}, {len(inside)} face{'s' if len(inside) > 1 else ''}: {', '.join(inside)}")
    if not faces:
        print("the album holds no face")
