"""Galleries in the command `faces`: enroll a person, forget one, list all."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer

from ..findings import counted
from ._output import print_json


def enroll(gallery: Path, name: str, images: Iterable[str], as_json: bool) -> None:
    """Enroll a person by images that show exactly one face; other images are reported on standard error."""
    from ..errors import ImageError
    from ..faces import Gallery, check_name, embed_faces, require_good
    from ..faces import find_one_face as find

    check_name(name)
    people = Gallery(gallery, create=True)
    crops, failed = [], []
    for image in images:
        try:
            crops.append(require_good(find(image, image), image).crop)
        except ImageError as error:
            print(f"eyespot: {error}", file=sys.stderr, flush=True)
            failed.append(image)
    new = people.enroll(name, crops, embed_faces(crops)) if crops else 0
    result = {"person": name, "new": new, "known": len(crops) - new, "left_out": failed}
    _print(
        result, f"{name}: {new} new, {len(crops) - new} known before, {counted(len(failed), 'image')} left out", as_json
    )
    if failed:
        raise typer.Exit(2)


def forget(gallery: Path, name: str, as_json: bool) -> None:
    """Delete a person."""
    from ..faces import Gallery

    count = Gallery(gallery).forget(name)
    _print({"person": name, "deleted": count}, f"{name}: deleted, with {counted(count, 'face')}", as_json)


def list_people(gallery: Path, as_json: bool) -> None:
    """Print all enrolled people."""
    from ..faces import Gallery

    people = Gallery(gallery).people()
    lines = [f"{name}: {counted(count, 'face')}" for name, count in people.items()]
    _print({"people": people}, "\n".join(lines) or "nobody is enrolled", as_json)


def _print(values: dict[str, Any], text: str, as_json: bool) -> None:
    if as_json:
        print_json(values)
    else:
        print(text)
